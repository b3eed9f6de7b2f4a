"""Where the local platform listens and keeps its things."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).parents[2]
MIGRATIONS = PROJECT / "supabase" / "migrations"


class StackSettings(BaseSettings):
    """From the environment or ``.env``. A port of 0 is chosen at the first start and then kept."""

    model_config = SettingsConfigDict(env_file=PROJECT / ".env", extra="ignore", env_ignore_empty=True)

    lamina_port: int = Field(0, ge=0, le=65535, description="The one URL of all doors")
    lamina_db_port: int = Field(0, ge=0, le=65535, description="Postgres")
    lamina_state_dir: Path = Field(PROJECT / ".lamina", description="Data, logs and keys of the platform")
    lamina_site_url: str = Field("http://127.0.0.1:3000", description="The frontend; e-mail links go there")

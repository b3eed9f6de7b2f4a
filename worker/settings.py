"""Settings from the environment (or ``.env``), typed and checked at start."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

LlmChoice = Literal["auto", "openai", "gemini", "openrouter", "offline"]
EmbeddingsChoice = Literal["auto", "openai", "gemini", "openrouter", "offline"]
EmailChoice = Literal["auto", "sendgrid", "smtp", "mcp", "offline"]
SmtpTls = Literal["auto", "tls", "starttls", "none"]
ChatChoice = Literal["manychat", "offline"]
CrmChoice = Literal["vendors", "offline"]
SpeechChoice = Literal["auto", "openai", "none"]
SocialChoice = Literal["platforms", "offline"]
SentimentChoice = Literal["lexicon", "llm"]
CommaList = Annotated[list[str], NoDecode]
Lanes = Annotated[dict[str, Annotated[int, Field(ge=0)]], NoDecode]

DEFAULT_LANES = {"interactive": 8, "ingest": 2, "outbound": 8, "billing": 4, "bulk": 4}


class ProviderSettings(BaseSettings):
    """Which vendors to use and how; every key is optional, without one the offline providers work."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    openai_api_key: SecretStr | None = None
    openai_base_url: str = "https://api.openai.com/v1"
    gemini_api_key: SecretStr | None = None
    gemini_base_url: str = "https://generativelanguage.googleapis.com"
    openrouter_api_key: SecretStr | None = None
    openrouter_base_url: str = "https://openrouter.ai/api/v1"
    stripe_secret_key: SecretStr | None = Field(None, description="None: payments are not configured")
    stripe_api_base: str = "https://api.stripe.com"
    sendgrid_api_key: SecretStr | None = None
    sendgrid_base_url: str = Field("https://api.sendgrid.com", description="EU: https://api.eu.sendgrid.com")
    smtp_url: SecretStr | None = Field(None, description="smtp[s]://user:password@host:port, or in parts")
    smtp_host: str | None = None
    smtp_port: int | None = Field(None, ge=1, le=65535, description="None: 465, 25 or 587, as smtp_tls says")
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_tls: SmtpTls = Field("auto", description="auto: tls on 465, none to this machine, else starttls")

    lamina_llm_provider: LlmChoice = "auto"
    lamina_llm_model: str | None = Field(None, description="None: the provider's default model")
    lamina_llm_fallbacks: CommaList = Field(default_factory=list, description="'provider:model', in order")
    lamina_llm_allowed_models: CommaList = Field(default_factory=list, description="Empty: any model")
    lamina_embeddings_provider: EmbeddingsChoice = "auto"
    lamina_embeddings_model: str | None = Field(None, description="None: the provider's default model")

    lamina_email_provider: EmailChoice = "auto"
    lamina_email_from: str | None = Field(None, description="'Name <address>'; required unless offline")
    lamina_email_reply_to: str | None = Field(None, description="'Name <address>'")
    lamina_sendgrid_sandbox: bool = Field(False, description="SendGrid checks messages and delivers none")
    lamina_mcp_email_url: SecretStr | None = Field(None, description="An MCP server over streamable HTTP")
    lamina_mcp_email_token: SecretStr | None = Field(None, description="Sent to the URL as a bearer token")
    lamina_mcp_email_command: str | None = Field(None, description="Or a program that speaks MCP over stdio")
    lamina_mcp_email_env: CommaList = Field(default_factory=list, description="Variables the program may see")
    lamina_mcp_email_tool: str | None = None
    lamina_mcp_email_arguments: str | None = Field(None, description="JSON object with {to}, {subject}, …")
    lamina_mailbox_dir: Path = Field(Path(".lamina/mailbox"), description="Where the offline mailer writes")

    manychat_base_url: str = "https://api.manychat.com"
    lamina_chat_provider: ChatChoice = "manychat"
    lamina_chat_outbox: Path | None = Field(None, description="Offline: a file that gets a line per send")
    lamina_chat_timeout_seconds: float = Field(15.0, gt=0)

    mailchimp_base_url: str | None = Field(None, description="None: the host that each key names")
    salesforce_base_url: str | None = Field(None, description="None: each connection's own domain")
    google_analytics_base_url: str = "https://www.google-analytics.com"
    lamina_crm_provider: CrmChoice = "vendors"
    lamina_crm_outbox: Path | None = Field(None, description="Offline: a file that gets a line per contact")
    lamina_crm_timeout_seconds: float = Field(30.0, gt=0)

    lamina_webhook_timeout_seconds: float = Field(10.0, gt=0, description="For a whole delivery")
    lamina_webhook_loopback: bool = Field(False, description="Tests only: http and loopback addresses")

    lamina_speech_provider: SpeechChoice = "auto"
    lamina_transcription_model: str = "gpt-transcribe"
    lamina_speech_model: str = "gpt-4o-mini-tts"
    lamina_speech_voice: str = Field("alloy", description="Reads answers aloud; named as the vendor does")
    lamina_realtime_model: str = "gpt-realtime-2.1-mini"
    lamina_speech_timeout_seconds: float = Field(300.0, gt=0, description="Longest wait for one piece")

    lamina_sentiment_provider: SentimentChoice = Field("lexicon", description="llm: asks the chat model")

    lamina_social_provider: SocialChoice = "platforms"
    lamina_social_figures: Path | None = Field(None, description="Offline: a JSON file of figures")
    lamina_social_timeout_seconds: float = Field(15.0, gt=0)
    lamina_github_token: SecretStr | None = Field(None, description="None: 60 requests an hour")
    github_base_url: str = "https://api.github.com"
    lamina_x_bearer_token: SecretStr | None = Field(
        None, description="None: only accounts with their own token"
    )
    x_base_url: str = "https://api.x.com"
    linkedin_base_url: str = "https://api.linkedin.com"
    linkedin_version: str = Field("202603", pattern=r"^20\d{4}$", description="YYYYMM, served for a year")

    lamina_provider_connect_seconds: float = Field(5.0, gt=0)
    lamina_embeddings_timeout_seconds: float = Field(60.0, gt=0)
    lamina_llm_timeout_seconds: float = Field(60.0, gt=0, description="Longest silence while streaming")
    lamina_payments_timeout_seconds: float = Field(30.0, gt=0)
    lamina_email_timeout_seconds: float = Field(30.0, gt=0)

    @field_validator(
        "lamina_llm_fallbacks", "lamina_llm_allowed_models", "lamina_mcp_email_env", mode="before"
    )
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value


class WorkerSettings(ProviderSettings):
    """What a worker needs to run; times in seconds."""

    lamina_db_url: SecretStr = Field(description="Postgres, as lamina_worker")
    lamina_db_listen_url: SecretStr | None = Field(None, description="Direct connection for LISTEN")
    lamina_db_pooled: bool = Field(False, description="lamina_db_url is a transaction pooler")
    supabase_url: str = Field(description="The project's URL")
    supabase_secret_key: SecretStr = Field(description="sb_secret_… or service_role key, for Storage")

    lamina_site_url: str = Field("http://127.0.0.1:3000", description="The frontend; e-mails link to it")
    lamina_link_url: str | None = Field(None, description="The functions, as recipients of mails reach them")

    lamina_lanes: Lanes = Field(default_factory=lambda: dict(DEFAULT_LANES), description="lane=jobs at once")
    lamina_lease_seconds: float = Field(30.0, ge=1)
    lamina_grace_seconds: float = Field(15.0, ge=0)
    lamina_poll_seconds: float = Field(5.0, gt=0)
    lamina_sandbox_processes: int = Field(2, ge=1)
    lamina_job_retention_days: int = Field(14, ge=1)

    lamina_voice_max_minutes: float = Field(25.0, gt=0, le=120, description="Longest recording")
    lamina_voice_max_mib: int = Field(200, ge=1, description="Largest; the bucket has a limit of its own")

    lamina_health_host: str = "127.0.0.1"
    lamina_health_port: int = Field(0, ge=0, le=65535, description="0: no health endpoint")
    lamina_log_format: Literal["console", "json"] = "console"
    sentry_dsn: SecretStr | None = None

    @field_validator("lamina_lanes", mode="before")
    @classmethod
    def _split_lanes(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.strip().partition("=") for part in value.split(",") if part.strip()]
        return {lane.strip(): limit.strip() for lane, _, limit in pairs}

    @field_validator("lamina_lanes")
    @classmethod
    def _check_lanes(cls, lanes: dict[str, int]) -> dict[str, int]:
        unknown = sorted(lanes.keys() - DEFAULT_LANES.keys())
        if unknown:
            raise ValueError(f"no such lane: {', '.join(unknown)}; there are {', '.join(DEFAULT_LANES)}")
        if not any(lanes.values()):
            raise ValueError("at least one lane must run a job at once")
        return lanes

    @field_validator("lamina_db_url", "lamina_db_listen_url")
    @classmethod
    def _check_url(cls, url: SecretStr | None) -> SecretStr | None:
        """Said here without the value: the driver would print parts of what it cannot read."""
        if url is not None and not _is_postgres_url(url.get_secret_value()):
            raise ValueError(
                "must be postgresql://user:password@host:port/database, special characters %-encoded"
            )
        return url

    @property
    def secrets(self) -> list[str]:
        """Every value that must not be shown to anyone, the passwords inside URLs too."""
        values = [value.get_secret_value() for _, value in self if isinstance(value, SecretStr)]
        passwords = [password for value in values if (password := _password(value))]
        return [*values, *passwords, *map(unquote, passwords)]

    @property
    def link_url(self) -> str:
        """Below it are the doors `unsubscribe`, `track` and `forms`."""
        return self.lamina_link_url or f"{self.supabase_url.rstrip('/')}/functions/v1"

    @property
    def listen_url(self) -> str | None:
        """Where LISTEN works; None means to poll."""
        if self.lamina_db_listen_url is not None:
            return self.lamina_db_listen_url.get_secret_value()
        return None if self.lamina_db_pooled else self.lamina_db_url.get_secret_value()


def _is_postgres_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("postgresql", "postgres") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _password(url: str) -> str | None:
    try:
        return urlsplit(url).password
    except ValueError:
        return None

"""What the tasks domain needs from outside; bootstrap fills it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.db.pool import Database
from worker.domains.tasks.recipes import RECIPES, Recipe
from worker.providers.llm.port import ModelChoice


@dataclass(frozen=True, slots=True)
class TaskPorts:
    """Everything the handler uses."""

    db: Database
    models: ModelChoice
    recipes: Mapping[str, Recipe] = field(default_factory=lambda: RECIPES)

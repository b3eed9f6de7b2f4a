"""The door /realtime/v1 of the local platform: Phoenix channels for Supabase's own clients, unchanged."""

from scripts.stack.realtime.app import create_realtime_app
from scripts.stack.realtime.config import RealtimeConfig

__all__ = ["RealtimeConfig", "create_realtime_app"]

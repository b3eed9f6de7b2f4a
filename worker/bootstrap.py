"""Puts the worker together: the one file that imports everything."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket

import structlog

from worker.db.pool import Database
from worker.domains.billing import handlers as billing
from worker.domains.billing.ports import BillingPorts
from worker.domains.dashboards import handlers as dashboards
from worker.domains.integrations import handlers as integrations
from worker.domains.integrations.ports import IntegrationPorts
from worker.domains.knowledge import handlers as knowledge
from worker.domains.knowledge.ports import KnowledgePorts
from worker.domains.marketing import handlers as marketing
from worker.domains.marketing.ports import MarketingPorts
from worker.domains.messaging import handlers as messaging
from worker.domains.messaging.ports import MessagingPorts
from worker.domains.notifications import handlers as notifications
from worker.domains.notifications.ports import NotificationPorts
from worker.domains.ops import handlers as ops
from worker.domains.portfolio import handlers as portfolio
from worker.domains.portfolio.ports import PortfolioPorts
from worker.domains.sales import handlers as sales
from worker.domains.sales.ports import SalesPorts
from worker.domains.service import handlers as service
from worker.domains.service.asking import ModelRater
from worker.domains.service.ports import ServicePorts
from worker.domains.sites import handlers as sites
from worker.domains.sites.ports import SitePorts
from worker.domains.social import handlers as social
from worker.domains.social.ports import SocialPorts
from worker.domains.tasks import handlers as tasks
from worker.domains.tasks.ports import TaskPorts
from worker.domains.voice import handlers as voice
from worker.domains.voice.ports import VoiceOptions, VoicePorts
from worker.errors import ProviderError
from worker.health import health_endpoint
from worker.providers.chat.select import chat_channel
from worker.providers.crm.select import crms
from worker.providers.email.port import Mailer
from worker.providers.email.select import mailer, reply_to, sender
from worker.providers.embeddings.select import embedder
from worker.providers.llm.port import ChatModel
from worker.providers.llm.select import ChosenModels, chat_model
from worker.providers.payments.select import payments
from worker.providers.sentiment.lexicon import LexiconRater
from worker.providers.sentiment.port import SentimentRater
from worker.providers.social.select import social_reader
from worker.providers.speech.select import speech
from worker.providers.speech.splitting import Limits
from worker.providers.storage.supabase import SupabaseStorage
from worker.providers.webhooks.select import webhook_sender
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry
from worker.sandbox import ProcessSandbox, SandboxLimits
from worker.settings import WorkerSettings

log = structlog.get_logger("worker")

CAPABILITIES = ("llm", "embeddings", "payments", "speech", "email", "chat")
MORE_CONNECTIONS = 4
"""Beside one for each job that runs: claims, heartbeats, ends."""


class Providers:
    """The outside world, as this installation is set up. Raises ConfigurationError when made."""

    def __init__(self, settings: WorkerSettings) -> None:
        self.storage = SupabaseStorage(settings.supabase_url, settings.supabase_secret_key.get_secret_value())
        self.sandbox = ProcessSandbox(SandboxLimits(processes=settings.lamina_sandbox_processes))
        self.model = chat_model(settings)
        self.models = ChosenModels(settings, self.model)
        self.embeddings = embedder(settings)
        self.money = payments(settings)
        self.talk = speech(settings)
        self.chat = chat_channel(settings)
        self.mail = mailer(settings)
        self.systems = crms(settings)
        self.figures = social_reader(settings)

    def names(self) -> dict[str, str]:
        """Who does what, for the log."""
        parts = (self.model, self.embeddings, self.money, self.talk.transcriber, self.mail, self.chat)
        return dict(zip(CAPABILITIES, (part.name for part in parts), strict=True))

    async def close(self) -> None:
        """Lets go of all of it."""
        for part in vars(self).values():
            await part.close()


async def run(settings: WorkerSettings) -> None:
    """Works until SIGTERM or SIGINT. Raises ConfigurationError, or psycopg_pool.PoolTimeout at start."""
    providers = Providers(settings)
    try:
        await _try_out(providers.mail)
        async with _database(settings) as db:
            registry = Registry()
            _register_core(registry, settings, db, providers)
            _register_products(registry, settings, db, providers)
            worker = Worker(db, registry, worker_options(settings))
            _stop_on_signals(worker)
            log.info("worker.providers", model=providers.model.model, **providers.names())
            async with health_endpoint(worker, settings.lamina_health_host, settings.lamina_health_port):
                await worker.run()
    finally:
        await providers.close()


def _register_core(registry: Registry, settings: WorkerSettings, db: Database, use: Providers) -> None:
    """What every product needs."""
    knowledge.register(registry, KnowledgePorts(db, use.embeddings, use.model, use.storage, use.sandbox))
    billing.register(registry, BillingPorts(db, use.money))
    tasks.register(registry, TaskPorts(db, use.models))
    voice.register(registry, _voice_ports(settings, db, use))
    notifications.register(
        registry,
        NotificationPorts(
            db, use.mail, sender(settings), reply_to(settings), settings.lamina_site_url, settings.link_url
        ),
    )
    messaging.register(registry, MessagingPorts(db, use.chat, webhook_sender(settings)))
    ops.register(registry, db, retention_days=settings.lamina_job_retention_days)


def _register_products(registry: Registry, settings: WorkerSettings, db: Database, use: Providers) -> None:
    """What one product or another is made of."""
    sales.register(registry, SalesPorts(db, use.model))
    service.register(registry, ServicePorts(db, _rater(settings, use.model)))
    marketing.register(
        registry, MarketingPorts(db, use.mail, sender(settings), reply_to(settings), settings.link_url)
    )
    portfolio.register(registry, PortfolioPorts(db, use.storage, settings.lamina_site_url))
    sites.register(registry, SitePorts(db, use.storage))
    social.register(registry, SocialPorts(db, use.figures))
    integrations.register(registry, IntegrationPorts(db, use.systems.by_kind))
    dashboards.register(registry, db)


def worker_options(settings: WorkerSettings) -> WorkerOptions:
    """The worker's name says where it runs and is never used again."""
    return WorkerOptions(
        worker_id=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}",
        lanes={lane: limit for lane, limit in settings.lamina_lanes.items() if limit > 0},
        lease=settings.lamina_lease_seconds,
        grace=settings.lamina_grace_seconds,
        poll=settings.lamina_poll_seconds,
        listen_dsn=settings.listen_url,
    )


async def _try_out(mail: Mailer) -> None:
    """What can never work is said at start; what does not work now is tried with each message."""
    try:
        await mail.start()
    except ProviderError as error:
        log.warning("worker.email_unavailable", provider=mail.name, code=error.code, error=error.message)


def _rater(settings: WorkerSettings, model: ChatModel) -> SentimentRater:
    return ModelRater(model) if settings.lamina_sentiment_provider == "llm" else LexiconRater()


def _voice_ports(settings: WorkerSettings, db: Database, use: Providers) -> VoicePorts:
    options = VoiceOptions(
        limits=Limits(recording_seconds=settings.lamina_voice_max_minutes * 60),
        max_bytes=settings.lamina_voice_max_mib * 1024 * 1024,
        voice=settings.lamina_speech_voice,
    )
    return VoicePorts(db, use.talk.transcriber, use.talk.speaker, use.storage, use.sandbox, options)


def _database(settings: WorkerSettings) -> Database:
    return Database(
        settings.lamina_db_url.get_secret_value(),
        max_size=min(sum(settings.lamina_lanes.values()), 16) + MORE_CONNECTIONS,
        pooled=settings.lamina_db_pooled,
        name="lamina-worker",
    )


def _stop_on_signals(worker: Worker) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)

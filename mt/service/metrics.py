"""What Prometheus reads at /metrics."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from mt.data import Result
from mt.service.scheduling import Batch

SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
SOURCES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """The counters of one service, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)  # memory, processor time, open files
        all_ = self.registry
        self.requests = Counter("mt_requests", "Requests answered.", ["route", "method", "status"], registry=all_)
        self.seconds = Histogram("mt_request_seconds", "Seconds until a request was answered.", ["route"], buckets=SECONDS, registry=all_)
        self.characters = Counter("mt_characters", "Characters of texts taken in.", registry=all_)
        self.segments = Counter("mt_segments", "Segments translated.", registry=all_)
        self.flags = Counter("mt_flags", "Flags on segments.", ["flag"], registry=all_)
        self.refused = Counter("mt_refused", "Requests refused.", ["status"], registry=all_)
        self.dropped = Counter("mt_dropped", "Requests whose client left before the answer.", registry=all_)
        self.batches = Counter("mt_batches", "Calls of the model.", registry=all_)
        self.batch_sources = Histogram("mt_batch_sources", "Sources in a call of the model.", buckets=SOURCES, registry=all_)
        self.batch_requests = Histogram("mt_batch_requests", "Requests that shared a call of the model.", buckets=SOURCES, registry=all_)
        self.model_seconds = Counter("mt_model_seconds", "Seconds in calls of the model.", registry=all_)
        self.source_tokens = Counter("mt_source_tokens", "Tokens read by the model.", registry=all_)
        self.target_tokens = Counter("mt_target_tokens", "Tokens written by the model.", registry=all_)
        self.jobs = Counter("mt_jobs", "Jobs that ended.", ["state"], registry=all_)

    def watch(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """Show a value as it is at the time of asking."""
        Gauge(name, meaning, registry=self.registry).set_function(value)

    def batch(self, batch: Batch) -> None:
        """Count one call of the model."""
        self.batches.inc()
        self.batch_sources.observe(batch.sources)
        self.batch_requests.observe(batch.requests)
        self.model_seconds.inc(batch.seconds)
        self.source_tokens.inc(batch.tokens)
        self.target_tokens.inc(batch.written)

    def result(self, result: Result) -> None:
        """Count what came of one text."""
        self.segments.inc(len(result.translations))
        for translation in result.translations:
            for flag in translation.flags:
                self.flags.labels(flag).inc()

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)

"""All values that travel between rooms. Frozen; no I/O; imports nothing of ours.

An *entry* is what a source wrote, untrusted. An *item* is the same made ours:
normalized, cleaned, understood. A *notice* is what is published; an item seen at one
source is a *sighting* of it.
"""

from aggregator.model.corrections import Correction
from aggregator.model.declared import AlertSettings
from aggregator.model.declared import Authority
from aggregator.model.declared import FetchSettings
from aggregator.model.declared import Settings
from aggregator.model.declared import Site
from aggregator.model.declared import Source
from aggregator.model.entries import Document
from aggregator.model.entries import Enclosure
from aggregator.model.entries import Entry
from aggregator.model.fetched import Fetched
from aggregator.model.fetched import NotModified
from aggregator.model.fetched import Validators
from aggregator.model.items import Digest
from aggregator.model.items import Item
from aggregator.model.items import Rejection
from aggregator.model.joins import Copy
from aggregator.model.joins import Proposal
from aggregator.model.joins import Proposed
from aggregator.model.joins import Verdict
from aggregator.model.meanings import Because
from aggregator.model.meanings import DocumentFacts
from aggregator.model.meanings import Event
from aggregator.model.meanings import Hold
from aggregator.model.meanings import Meaning
from aggregator.model.meanings import Reference
from aggregator.model.meanings import SourceHints
from aggregator.model.names import ALL_LEVELS
from aggregator.model.names import CATEGORY_LABELS
from aggregator.model.names import CATEGORY_SLUGS
from aggregator.model.names import LEVEL_LABELS
from aggregator.model.names import LEVEL_SLUGS
from aggregator.model.names import Category
from aggregator.model.names import Level
from aggregator.model.published import Notice
from aggregator.model.published import Place
from aggregator.model.published import Reach
from aggregator.model.published import UnitUse
from aggregator.model.published import View
from aggregator.model.published import ViewVersion
from aggregator.model.pulls import FLIPPING_FOR
from aggregator.model.pulls import REDATES_TOLD
from aggregator.model.pulls import Absence
from aggregator.model.pulls import Alias
from aggregator.model.pulls import Attempt
from aggregator.model.pulls import Cadence
from aggregator.model.pulls import ChangedSighting
from aggregator.model.pulls import Flip
from aggregator.model.pulls import Incident
from aggregator.model.pulls import Known
from aggregator.model.pulls import NewSighting
from aggregator.model.pulls import Note
from aggregator.model.pulls import Outcome
from aggregator.model.pulls import Plan
from aggregator.model.pulls import Settled
from aggregator.model.pulls import SourceRow
from aggregator.model.pulls import SourceState
from aggregator.model.pulls import Standing
from aggregator.model.pulls import Wishes

__all__ = [
    "ALL_LEVELS",
    "Absence",
    "AlertSettings",
    "Alias",
    "Attempt",
    "Authority",
    "Because",
    "CATEGORY_LABELS",
    "CATEGORY_SLUGS",
    "Cadence",
    "Category",
    "ChangedSighting",
    "Correction",
    "Copy",
    "Digest",
    "Document",
    "DocumentFacts",
    "Enclosure",
    "Entry",
    "Event",
    "FLIPPING_FOR",
    "FetchSettings",
    "Fetched",
    "Flip",
    "Hold",
    "Incident",
    "Item",
    "Known",
    "LEVEL_LABELS",
    "LEVEL_SLUGS",
    "Level",
    "Meaning",
    "NewSighting",
    "NotModified",
    "Note",
    "Notice",
    "Outcome",
    "Place",
    "Plan",
    "Proposal",
    "Proposed",
    "REDATES_TOLD",
    "Reach",
    "Reference",
    "Rejection",
    "Settings",
    "Settled",
    "Site",
    "Source",
    "SourceHints",
    "SourceRow",
    "SourceState",
    "Standing",
    "UnitUse",
    "Validators",
    "Verdict",
    "View",
    "ViewVersion",
    "Wishes",
]

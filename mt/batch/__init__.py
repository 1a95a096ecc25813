"""Any number of files: a ledger of what is done, workers that share batches, outputs that are whole or absent.

job       what is to be done with which settings, and the values below
places    where sources lie and outputs go
ledger    one SQLite file: what became of every source
remember  an engine that never generates the same segment twice in a job
work      files in, outcomes out
crew      who does the work: this process or several (`mt.cluster`: many machines)
run       the loop
progress, manifest, report: what people and programs are told
"""

from mt.batch.crew import inline, processes
from mt.batch.job import Crew, Job, Outcome, Root
from mt.batch.run import Plan, Ran, Watch, plan, run

__all__ = ["Crew", "Job", "Outcome", "Plan", "Ran", "Root", "Watch", "inline", "plan", "processes", "run"]

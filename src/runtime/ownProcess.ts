import { Effect, FileSystem } from "effect"
import { hostname } from "node:os"

/** What tells one process from every other, as far as the system lets us know. */
export interface ProcessIdentity {
  readonly host: string
  readonly pid: number
  /** When it started, in ticks since the boot; tells it from a later process with the same id. Empty where unknown. */
  readonly startTicks: string
  /** Changes with every boot. Empty where unknown. */
  readonly bootId: string
  /** Process ids mean something only within it. Empty where unknown. */
  readonly pidNamespace: string
}

/** Whether the owner of something still runs: `unknown` where it cannot be asked from here. */
export type Life = "alive" | "dead" | "unknown"

/** This process. */
export const identity: Effect.Effect<ProcessIdentity, never, FileSystem.FileSystem> = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  return {
    host: hostname(),
    pid: process.pid,
    startTicks: yield* startTicks(fs, process.pid),
    bootId: (yield* orEmpty(fs.readFileString("/proc/sys/kernel/random/boot_id"))).trim(),
    pidNamespace: yield* orEmpty(fs.readLink("/proc/self/ns/pid"))
  }
})

/** Whether `other` still runs, as far as `self` can tell. */
export const lifeOf = (
  self: ProcessIdentity,
  other: ProcessIdentity
): Effect.Effect<Life, never, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    if (other.host !== self.host) return "unknown"
    if (other.bootId !== self.bootId) return "dead"
    if (other.pidNamespace !== self.pidNamespace) return "unknown"
    if (other.startTicks === "") return isRunning(other.pid) ? "alive" : "dead"
    const ticks = yield* startTicks(yield* FileSystem.FileSystem, other.pid)
    return ticks === other.startTicks ? "alive" : "dead"
  })

const startTicks = (fs: FileSystem.FileSystem, pid: number): Effect.Effect<string> =>
  fs.readFileString(`/proc/${pid}/stat`).pipe(
    // The name of the program comes second and may hold blanks and brackets; the start is the 22nd field.
    Effect.map((stat) => stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""),
    Effect.orElseSucceed(() => "")
  )

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // It runs, and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

const orEmpty = <E>(text: Effect.Effect<string, E>): Effect.Effect<string> => Effect.orElseSucceed(text, () => "")

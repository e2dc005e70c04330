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

/** Whether `other`, which gave a sign of life at `seenAtMillis`, still runs, as far as `self` can tell. */
export const lifeOf = (
  self: ProcessIdentity,
  other: ProcessIdentity,
  seenAtMillis: number
): Effect.Effect<Life, never, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    if (other.host !== self.host) return "unknown"
    const fs = yield* FileSystem.FileSystem
    // Other machines may have the same host name: only what ended with this machine's last run is known to have ended.
    if (other.bootId !== self.bootId) return seenAtMillis < (yield* bootedAtMillis(fs)) ? "dead" : "unknown"
    if (other.pidNamespace !== self.pidNamespace) return "unknown"
    if (other.startTicks === "") return isRunning(other.pid) ? "alive" : "dead"
    const ticks = yield* startTicks(fs, other.pid)
    return ticks === other.startTicks ? "alive" : "dead"
  })

const startTicks = (fs: FileSystem.FileSystem, pid: number): Effect.Effect<string> =>
  fs.readFileString(`/proc/${pid}/stat`).pipe(
    // The name of the program comes second and may hold blanks and brackets; the start is the 22nd field.
    Effect.map((stat) => stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""),
    Effect.orElseSucceed(() => "")
  )

/** When this machine was started, to the second; 0 where unknown. */
const bootedAtMillis = (fs: FileSystem.FileSystem): Effect.Effect<number> =>
  Effect.map(orEmpty(fs.readFileString("/proc/stat")), (stat) => Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000)

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // It runs, and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

const orEmpty = <E>(text: Effect.Effect<string, E>): Effect.Effect<string> => Effect.orElseSucceed(text, () => "")

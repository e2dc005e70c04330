import type { Clock } from "effect/Clock"

/** Microseconds that only ever grow, whatever happens to the system clock. */
export const monotonicMicros = (clock: Clock): number => Number(clock.monotonicTimeNanosUnsafe() / 1000n)

/** Milliseconds that only ever grow, whatever happens to the system clock. */
export const monotonicMillis = (clock: Clock): number => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)

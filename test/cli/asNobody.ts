import { Effect } from "effect"

const nobody = 65_534

/** Runs `self` as somebody whom permissions concern: root is never refused. */
export const asNobody = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  process.getuid?.() !== 0 ? self : Effect.acquireUseRelease(
    Effect.sync(() => process.seteuid?.(nobody)),
    () => self,
    () => Effect.sync(() => process.seteuid?.(0))
  )

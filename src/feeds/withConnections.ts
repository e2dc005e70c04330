import { Effect, Scope } from "effect"

/** Gives a scope that closes all connections at once: each takes its time to end. */
export const withConnections = <A, E, R>(use: (scope: Scope.Scope) => Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(Scope.make("parallel"), use, (scope, exit) => Scope.close(scope, exit))

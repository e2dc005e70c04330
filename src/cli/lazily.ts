import { Effect } from "effect"

/** Handles a command with a module that is loaded when the command is run, so that help and completions do not wait for it. */
export const lazily =
  <Input, A, E, R>(load: () => Promise<{ readonly handle: (input: Input) => Effect.Effect<A, E, R> }>) =>
  (input: Input): Effect.Effect<A, E, R> => Effect.flatMap(Effect.promise(load), ({ handle }) => handle(input))

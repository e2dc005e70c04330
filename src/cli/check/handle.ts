import { Console, Effect, Option } from "effect"
import { loadConfig } from "../../config/loadConfig.ts"
import { notations } from "../notations.ts"
import { report } from "./report.ts"

/** What the command line says. */
interface Input {
  readonly config: Option.Option<string>
  readonly connect: boolean
}

/** Prints the resolved feeds or fails with every problem; with `connect` asks venues and store, and fails where one does not answer. */
export const handle = Effect.fnUntraced(function*({ config: path, connect }: Input) {
  const config = yield* loadConfig({ path: Option.getOrNull(path), notations })
  yield* Console.log(report(config))
  if (!connect) return
  const { reportAnswers } = yield* Effect.promise(() => import("./answers.ts"))
  yield* reportAnswers(config)
})

import { Console, Effect, Schema } from "effect"
import * as App from "../../App.ts"
import type { Config } from "../../config/Config.ts"
import { ConnectLimiter } from "../../feeds/ConnectLimiter.ts"
import { alignedTable } from "../alignedTable.ts"
import type { Answer } from "./Answer.ts"
import { bucketAnswer } from "./bucketAnswer.ts"
import { folderAnswer } from "./folderAnswer.ts"
import { chosenFeeds, venueAnswer } from "./venueAnswer.ts"

/** Something that the recorder needs does not answer, or not as it should. */
export class Unanswered extends Schema.TaggedError<Unanswered>()("Unanswered", {
  failed: Schema.Int,
  asked: Schema.Int
}) {
  override get message() {
    return `${this.failed} of ${this.asked} cannot be used as configured`
  }
}

/** Asks every venue, the store and the folders of a configuration, all at once. */
export const answers = (config: Config, waitMillis?: number) => {
  const { dataDir, localPath, maxFileBytes, mode } = config.storage
  const dataFolder = { key: "data_dir", folder: dataDir }
  return Effect.all([
    ...chosenFeeds(config.feeds).map((plan) => venueAnswer(plan, waitMillis)),
    folderAnswer(dataFolder.key, dataDir, { neededBytes: maxFileBytes }),
    ...(mode === "s3"
      ? []
      : [folderAnswer("local_path", localPath, { neededBytes: maxFileBytes, apartFrom: dataFolder })]),
    // Lines wait in memory where there is no room for them.
    folderAnswer("logging.dir", config.logging.dir, { neededBytes: 0 }),
    ...(mode === "local" ? [] : [bucketAnswer(config)])
  ], { concurrency: "unbounded" }).pipe(Effect.provide([ConnectLimiter.layer, App.tokens(config)]))
}

/** The answers as a table, and below it what is wrong. */
export const answerText = (all: ReadonlyArray<Answer>): string =>
  [
    alignedTable([
      ["what", "answer", "time"],
      ...all.map(({ answer, millis, what }) => [what, answer, `${millis} ms`])
    ], ["time"]),
    ...all.flatMap(({ trouble, what }) => trouble === null ? [] : [`${what}\n  ${trouble}`])
  ].join("\n\n")

/** Prints who answers; fails where somebody does not. */
export const reportAnswers = Effect.fnUntraced(function*(config: Config, waitMillis?: number) {
  const all = yield* answers(config, waitMillis)
  yield* Console.log(`\n${answerText(all)}`)
  const failed = all.filter(({ trouble }) => trouble !== null).length
  if (failed > 0) return yield* new Unanswered({ failed, asked: all.length })
})

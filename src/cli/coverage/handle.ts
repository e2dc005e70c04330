import { Console, Effect, Option, Runtime, Schema } from "effect"
import { readEnvironment } from "../../config/environment.ts"
import { quantity } from "../../runtime/quantity.ts"
import { CannotInspect } from "../inspect/Source.ts"
import { sourceOf } from "../inspect/sourceOf.ts"
import { document } from "./document.ts"
import { feedFilter } from "./feedFilter.ts"
import { surveyOf } from "./survey.ts"
import { text } from "./text.ts"
import { timeRange } from "./timeRange.ts"
import { totalOf } from "./totals.ts"

/** Nobody can say what became of some time. */
export class Unexplained extends Schema.TaggedError<Unexplained>()("Unexplained", {
  hours: Schema.Int,
  feeds: Schema.Int
}) {
  override readonly [Runtime.errorExitCode] = 1

  override get message() {
    return `unexplained: ${quantity(this.hours, "hour")} of ${quantity(this.feeds, "feed")}`
  }
}

/** Nobody can say what is in some folders. */
export class FoldersUnread extends Schema.TaggedError<FoldersUnread>()("FoldersUnread", { folders: Schema.Int }) {
  override readonly [Runtime.errorExitCode] = 1

  override get message() {
    return `${quantity(this.folders, "folder")} could not be read: feeds, hours and holes may be missing above`
  }
}

/** What the command line says. */
interface Input {
  readonly place: string
  readonly config: Option.Option<string>
  readonly from: Option.Option<string>
  readonly to: Option.Option<string>
  readonly feed: Option.Option<string>
  readonly verify: Option.Option<boolean>
  readonly json: boolean
}

const inColour = Effect.gen(function*() {
  if (process.stdout.isTTY !== true) return false
  const { variables } = yield* readEnvironment
  return (variables["NO_COLOR"] ?? "") === "" && variables["TERM"] !== "dumb"
})

/** Prints what is proven of each hour, and fails where something is unexplained or could not be looked for. */
export const handle = Effect.fnUntraced(function*({ config, feed, from, json, place, to, verify }: Input) {
  const range = yield* timeRange(from, to)
  const source = yield* sourceOf(place, config)
  const survey = yield* surveyOf(source, {
    ...range,
    asked: feedFilter(Option.getOrElse(feed, () => "*")),
    verify: Option.getOrElse(verify, () => !/^s3:/i.test(place))
  })
  if (survey.feeds.length === 0) {
    const [first] = survey.problems
    const narrowed = Option.isSome(feed) || range.from !== null || range.to !== null
    const problem = narrowed && source.unread.length === 0
      ? "nothing is recorded here of the feeds and the time that were asked for: `ticklake inspect` says what there is"
      : `there are no files of a feed${first === undefined ? "" : `: ${first.file}: ${first.problem}`}`
    return yield* new CannotInspect({ place, problem })
  }
  const colour = yield* inColour
  yield* Console.log(json ? JSON.stringify(document(place, survey, range), null, 2) : text(survey, colour))
  if (source.unread.length > 0) return yield* new FoldersUnread({ folders: source.unread.length })
  const { hours } = totalOf(survey.feeds)
  if (hours.unexplained > 0) {
    const feeds = survey.feeds.filter(({ coverage }) => coverage.hours.some((each) => each.class === "unexplained"))
    return yield* new Unexplained({ hours: hours.unexplained, feeds: feeds.length })
  }
}, Effect.scoped)

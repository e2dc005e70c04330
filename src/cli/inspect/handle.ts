import { Console, Effect, type Option, Schema } from "effect"
import { document } from "./document.ts"
import { sourceOf } from "./sourceOf.ts"
import { summaryOf } from "./summary.ts"
import { text } from "./text.ts"

/** Some files are not what a recorder has written. */
export class OddFiles extends Schema.TaggedError<OddFiles>()("OddFiles", {
  odd: Schema.Int,
  sound: Schema.Int
}) {
  override get message() {
    return `damaged, foreign, unreadable or copied: ${this.odd}; sound: ${this.sound}`
  }
}

/** What the command line says. */
interface Input {
  readonly place: string
  readonly config: Option.Option<string>
  readonly files: boolean
  readonly json: boolean
}

/** Prints what the files of a place hold, and fails where some are not the recorder's or not whole. */
export const handle = Effect.fnUntraced(function*({ config, files, json, place }: Input) {
  const source = yield* sourceOf(place, config)
  const eachFile = files || source.onlyFile !== null
  const summary = yield* summaryOf(source, eachFile)
  yield* Console.log(
    json ? JSON.stringify(document(place, summary, eachFile), null, 2) : text(summary, eachFile)
  )
  const odd = new Set(summary.problems.map(({ file }) => file)).size
  const sound = summary.files.filter(({ file }) => summary.problems.every((problem) => problem.file !== file)).length
  if (odd > 0) return yield* new OddFiles({ odd, sound })
}, Effect.scoped)

import { Console, Effect, Option, Schema } from "effect"
import { loadConfig } from "../../config/loadConfig.ts"
import { notations } from "../notations.ts"
import { document } from "./document.ts"
import { localSource } from "./localSource.ts"
import { CannotInspect } from "./Source.ts"
import { summaryOf } from "./summary.ts"
import { text } from "./text.ts"

/** Some files are not what a recorder has written. */
export class OddFiles extends Schema.TaggedError<OddFiles>()("OddFiles", {
  odd: Schema.Int,
  sound: Schema.Int
}) {
  override get message() {
    return `damaged, foreign or unreadable: ${this.odd}; sound: ${this.sound}`
  }
}

/** What the command line says. */
interface Input {
  readonly place: string
  readonly config: Option.Option<string>
  readonly files: boolean
  readonly json: boolean
}

const sourceOf = Effect.fnUntraced(function*(place: string, config: Option.Option<string>) {
  if (!/^s3:/i.test(place)) return yield* localSource(place)
  const loaded = yield* loadConfig({ path: Option.getOrNull(config), notations, fileMayBeMissing: true })
  // The SDK takes longer to load than most folders take to read.
  const { s3Source } = yield* Effect.promise(() => import("./s3Source.ts"))
  return yield* s3Source(place, loaded)
})

/** Prints what the files of a place hold, and fails where some are not the recorder's or not whole. */
export const handle = Effect.fnUntraced(function*({ config, files, json, place }: Input) {
  const source = yield* sourceOf(place, config)
  if (source.files.length === 0 && source.oddities.length === 0) {
    const { setAside, stillWritten } = source.leftOut
    const hint = stillWritten + setAside === 0
      ? "name a data folder, an archive, or a prefix that keys begin with"
      : `only ${stillWritten} in .open, which are still written, and ${setAside} in quarantine`
    return yield* new CannotInspect({ place, problem: `there are no Parquet files: ${hint}` })
  }
  const eachFile = files || source.onlyFile !== null
  const summary = yield* summaryOf(source, eachFile)
  yield* Console.log(
    json ? JSON.stringify(document(place, summary, eachFile), null, 2) : text(summary, eachFile)
  )
  const odd = new Set(summary.problems.map(({ file }) => file)).size
  const sound = summary.files.filter(({ file }) => summary.problems.every((problem) => problem.file !== file)).length
  if (odd > 0) return yield* new OddFiles({ odd, sound })
}, Effect.scoped)

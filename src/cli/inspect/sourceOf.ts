import { Effect, Option } from "effect"
import { loadConfig } from "../../config/loadConfig.ts"
import { notations } from "../notations.ts"
import { localSource } from "./localSource.ts"
import { CannotInspect } from "./Source.ts"

const open = Effect.fnUntraced(function*(place: string, config: Option.Option<string>) {
  if (!/^s3:/i.test(place)) return yield* localSource(place)
  const loaded = yield* loadConfig({
    path: Option.getOrNull(config),
    notations,
    fileMayBeMissing: true,
    recordsNothing: true
  })
  // The SDK takes longer to load than most folders take to read.
  const { s3Source } = yield* Effect.promise(() => import("./s3Source.ts"))
  return yield* s3Source(place, loaded)
})

/** The files of a file, a folder or `s3://bucket/prefix`; fails where there are none. */
export const sourceOf = Effect.fnUntraced(function*(place: string, config: Option.Option<string>) {
  const source = yield* open(place, config)
  if ([source.files, source.oddities, source.unread].some(({ length }) => length > 0)) return source
  const { setAside, stillWritten } = source.leftOut
  const hint = stillWritten + setAside === 0
    ? "name a data folder, an archive, or a prefix that keys begin with"
    : `only ${stillWritten} in .open, which are still written, and ${setAside} in quarantine`
  return yield* new CannotInspect({ place, problem: `there are no Parquet files: ${hint}` })
})

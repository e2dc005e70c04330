import { Effect, type FileSystem, Option, Schema } from "effect"
import { crc32 } from "node:zlib"
import { RowType } from "../domain/Series.ts"
import { Venue } from "../domain/Venue.ts"
import * as durableFolder from "../runtime/durableFolder.ts"
import { FileRows, Known, SealedFile } from "./SeriesMemory.ts"
import { readWhole } from "./readWhole.ts"

/** The folder of what is known of the sealed files of each series, inside the data folder. */
export const stateFolder = ".state"

/** What is known of the sealed files of a series, and of the one that may have been sealed right after this was written. */
export const State = Schema.Struct({
  /** Before that file. */
  known: Known,
  /** Null where there is none. It counts when the open file has got its final name. */
  sealing: Schema.NullOr(Schema.Struct({
    /** The name of the open file in its folder. */
    openName: Schema.String,
    file: SealedFile,
    /** Null where they could not be read. */
    rows: Schema.NullOr(FileRows)
  }))
})
export interface State extends Schema.Schema.Type<typeof State> {}

const Content = Schema.fromJsonString(Schema.Struct({
  format: Schema.Literal(1),
  series: Schema.String,
  /** Of the JSON of `state`. */
  crc32: Schema.Int,
  state: Schema.Unknown
}))

const decodeContent = Schema.decodeUnknownOption(Content)
const decodeState = Schema.decodeUnknownOption(State)

/** The name of the file of the series `id`, which must have passed `fileNames.sealedFolder`. */
export const fileName = (id: string): string => `${id.replaceAll("/", ".")}.json`

/** How a file is called while it is written. */
export const rewritten = ".new"

const isVenue = Schema.is(Venue)
const isRowType = Schema.is(RowType)

/** Reads back `fileName`; null for any other name. */
export const parseFileName = (name: string): string | null => {
  const [, exchange, symbol = "", rowType] = /^([a-z]+)\.(.+)\.([a-z]+)\.json$/.exec(name) ?? []
  return isVenue(exchange) && isRowType(rowType) ? `${exchange}/${symbol}/${rowType}` : null
}

/** Writes it in one step: the disk has the old content or the new one. */
export const write = Effect.fnUntraced(function*(
  fs: FileSystem.FileSystem,
  folder: string,
  id: string,
  state: State
) {
  const target = `${folder}/${fileName(id)}`
  const beside = `${target}${rewritten}`
  const json = JSON.stringify(state)
  const content = `{"format":1,"series":${JSON.stringify(id)},"crc32":${crc32(json)},"state":${json}}\n`
  yield* Effect.scoped(Effect.gen(function*() {
    const file = yield* fs.open(beside, { flag: "w" })
    yield* file.writeAll(Buffer.from(content))
    yield* file.sync
  }))
  yield* fs.rename(beside, target)
  yield* durableFolder.sync(fs, folder)
})

/** What the file of the series `id` says; none where it does not hold what was written. */
export const read = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, folder: string, id: string) {
  const content = decodeContent((yield* readWhole(fs, `${folder}/${fileName(id)}`)).toString())
  return content.pipe(
    Option.filter(({ crc32: sum, series, state }) => series === id && crc32(JSON.stringify(state)) === sum),
    Option.flatMap(({ state }) => decodeState(state))
  )
})

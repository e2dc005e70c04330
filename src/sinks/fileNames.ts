import { Result, Schema } from "effect"
import { RowType, type Series } from "../domain/Series.ts"
import { Venue, venues } from "../domain/Venue.ts"

/** The folder of files that still grow, inside the data folder. */
export const openFolder = ".open"

/** A name that would not stay one folder inside the data folder. */
export class UnsafeName extends Schema.TaggedError<UnsafeName>()("UnsafeName", {
  what: Schema.String,
  name: Schema.String
}) {
  override get message() {
    return `${this.what} ${
      JSON.stringify(this.name)
    } cannot name a folder: use letters, digits, "-", "_" and ".", not first "."`
  }
}

/** What the name of an open file tells. */
export interface OpenFile {
  readonly exchange: Venue
  readonly normalizedSymbol: string
  readonly dataType: RowType
  /** Receive time of the first row, milliseconds since the epoch; raised where two files would have had the same name. */
  readonly millis: number
}

/** What the path of a sealed file tells. */
export interface SealedFile extends OpenFile {
  readonly homeServerName: string | null
  /** UTC day of the first row, `YYYY-MM-DD`. */
  readonly date: string
}

// A letter or digit of any script: some venues list symbols that are not ASCII.
const segment = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,79}$/u
const exchanges = venues.join("|")
const rowTypes = RowType.literals.join("|")
const openPattern = new RegExp(`^(${exchanges})\\.(.+)\\.(${rowTypes})\\.(\\d{1,16})\\.parquet$`)
const sealedPattern = new RegExp(
  `^(${exchanges})/([^/]+)/(${rowTypes})/(?:([^/]+)/)?(\\d{4}-\\d{2}-\\d{2})/(\\d{1,16})\\.parquet$`
)

const isVenue = Schema.is(Venue)
const isRowType = Schema.is(RowType)

/** The name of an open file inside `.open`; `series` must have passed `sealedFolder`. */
export const openName = (series: Series, millis: number): string =>
  `${series.exchange}.${series.normalizedSymbol}.${series.dataType}.${millis}.parquet`

/** Reads back `openName`; null for any other name. */
export const parseOpenName = (name: string): OpenFile | null => {
  const [, exchange, symbol = "", dataType, millis] = openPattern.exec(name) ?? []
  if (!isVenue(exchange) || !isRowType(dataType) || !segment.test(symbol)) return null
  return { exchange, normalizedSymbol: symbol, dataType, millis: Number(millis) }
}

/** The folder of a series' sealed files relative to the data folder, or why there can be none. */
export const sealedFolder = (series: Series, homeServerName: string | null): Result.Result<string, UnsafeName> => {
  if (!segment.test(series.normalizedSymbol)) {
    return Result.fail(new UnsafeName({ what: "symbol", name: series.normalizedSymbol }))
  }
  // A date would make the path read as that of a recorder without a name.
  if (homeServerName !== null && (!segment.test(homeServerName) || /^\d{4}-\d{2}-\d{2}$/.test(homeServerName))) {
    return Result.fail(new UnsafeName({ what: "home_server_name", name: homeServerName }))
  }
  return Result.succeed(homeServerName === null ? series.id : `${series.id}/${homeServerName}`)
}

/** The path of a sealed file relative to the data folder, which is also its object key. */
export const sealedPath = (folder: string, date: string, millis: number): string =>
  `${folder}/${date}/${millis}.parquet`

/** Reads back `sealedPath`; null for any other path. */
export const parseSealedPath = (path: string): SealedFile | null => {
  const [, exchange, symbol = "", dataType, home = null, date = "", millis] = sealedPattern.exec(path) ?? []
  if (!isVenue(exchange) || !isRowType(dataType) || !segment.test(symbol)) return null
  if (home !== null && !segment.test(home)) return null
  return { exchange, normalizedSymbol: symbol, dataType, homeServerName: home, date, millis: Number(millis) }
}

/** The UTC day of a moment given in milliseconds since the epoch, `YYYY-MM-DD`. */
export const utcDate = (millis: number): string => new Date(millis).toISOString().slice(0, 10)

import { assert } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Duckdb from "../../src/cli/Duckdb.ts"
import { readRows } from "../../src/cli/readRows.ts"
import { normalizeSymbol } from "../../src/domain/Feed.ts"
import { Gap } from "../../src/domain/Gap.ts"
import { auditTrades, type TradesAudit } from "../../src/simulator/auditTrades.ts"
import type { Simulator } from "../../src/simulator/Simulator.ts"

const readGap = Schema.decodeUnknownSync(Schema.fromJsonString(Gap))

/** What the files below `folder` say of gaps, by `<exchange>/<normalized symbol>`, in any order. */
export const readGaps = Effect.fnUntraced(function*(folder: string) {
  const files = Duckdb.literal(`${folder}/*/*/gap/**/*.parquet`)
  const gaps: Array<{ readonly market: string; readonly gap: Gap }> = []
  const found = yield* Duckdb.query(`SELECT count(*) AS files FROM glob(${files})`)
  if (Number(found[0]?.["files"]) === 0) return gaps
  for (const row of yield* Duckdb.query(`SELECT exchange, symbol, data FROM read_parquet(${files})`)) {
    gaps.push({ market: `${String(row["exchange"])}/${String(row["symbol"])}`, gap: readGap(String(row["data"])) })
  }
  return gaps
})

/** How each gap below `folder` stands. */
export const latestGaps = Effect.fnUntraced(function*(folder: string) {
  const latest = new Map<string, { readonly market: string; readonly gap: Gap }>()
  for (const each of yield* readGaps(folder)) {
    const key = `${each.market} ${each.gap.id}`
    if ((latest.get(key)?.gap.revision ?? 0) < each.gap.revision) latest.set(key, each)
  }
  return [...latest.values()]
})

/** Accounts for every trade of every market that was recorded into `folder`; of a feed, from its first subscription on. */
export const accountForTrades = Effect.fnUntraced(function*(simulator: Simulator["Service"], folder: string) {
  const rows = yield* readRows(folder)
  const gaps = yield* readGaps(folder)
  const audits: Array<TradesAudit & { readonly feed: string }> = []
  const subscribed = new Map(
    simulator.ledger.connections().flatMap(({ subscriptions, venue }) =>
      subscriptions.map(({ symbol }) => [`${venue} ${symbol}`, { symbol, venue }] as const)
    )
  )
  for (const { symbol, venue } of subscribed.values()) {
    const fromMillis = simulator.ledger.firstSubscribedAt(venue, symbol, "trade")
    if (fromMillis === null) continue
    const market = `${venue}/${normalizeSymbol(symbol)}`
    audits.push({
      feed: `${market}/trade`,
      ...auditTrades({
        venue,
        generated: simulator.trades(venue, symbol),
        rows: rows.filter((row) => row.dataType === "trade" && `${row.exchange}/${row.symbol}` === market),
        gaps: gaps.filter((each) => each.market === market).map(({ gap }) => gap),
        fromMillis,
        untilMillis: Number.POSITIVE_INFINITY
      })
    })
  }
  return audits
}, Effect.orDie)

/** Feeds of trades whose ids do not tell what is missing between them. */
const isUncounted = (feed: string) => feed.startsWith("upbit/") || feed.startsWith("bybit/")

/**
 * Each trade is in a file once or within a gap of the right size, and no gap is said where nothing was lost. Where trades were `hidden`
 * on open connections, those of a venue whose ids do not tell may be missing without a word.
 */
export const assertAccounted = (audits: ReadonlyArray<TradesAudit & { readonly feed: string }>, hidden = false) => {
  for (const { doubled, falseGaps, feed, missingOutsideGaps, neverGenerated, wrongSizes } of audits) {
    assert.deepStrictEqual(
      {
        feed,
        missingOutsideGaps: hidden && isUncounted(feed) ? [] : missingOutsideGaps.slice(0, 3),
        doubled: doubled.slice(0, 3),
        neverGenerated: neverGenerated.slice(0, 3),
        falseGaps: falseGaps.slice(0, 3),
        wrongSizes: wrongSizes.slice(0, 3)
      },
      { feed, missingOutsideGaps: [], doubled: [], neverGenerated: [], falseGaps: [], wrongSizes: [] }
    )
  }
}

import { Schema } from "effect"
import * as Feed from "../domain/Feed.ts"
import type { SymbolNotation } from "../domain/SymbolNotation.ts"
import { Venue, venues } from "../domain/Venue.ts"
import type { Problem } from "./ConfigError.ts"
import { defaults } from "./defaults.ts"
import { urlProblems } from "./marketUrls.ts"
import { nearest } from "./nearest.ts"
import type { Readable } from "./Readable.ts"
import { isNotedAs, suggestSymbol } from "./suggestSymbol.ts"

type Notations = Readonly<Record<Venue, SymbolNotation>>

/** The data type behind a name of `feeds`. */
export const dataTypes = { orderbook: "orderbook", trades: "trade" } as const

/** A path segment may have 255 bytes, a character up to 4; what is left is for suffixes. */
const longestSymbol = 60

/** Whether a folder named after the symbol would not lie where the other symbols' folders lie. */
const escapes = (symbol: string): boolean => {
  const segment = Feed.normalizeSymbol(symbol)
  return segment === "" || segment.startsWith(".") || segment.length > longestSymbol || /[\\\p{Cc}]/u.test(symbol)
}

const namesFolder = (symbol: string): boolean => /^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u.test(Feed.normalizeSymbol(symbol))

const symbolProblem = (path: string, symbol: string, venue: Venue | null, notations: Notations): Problem | null => {
  const notation = venue === null ? null : notations[venue]
  const suggestion = notation === null ? null : suggestSymbol(symbol, notation)
  const instead = suggestion !== null
    ? `write ${JSON.stringify(suggestion)}`
    : `write the symbol as ${venue ?? "the venue"} does${notation === null ? "" : `, such as "${notation.example}"`}`
  if (!escapes(symbol) && notation !== null && !isNotedAs(notation, symbol)) {
    return { path, expected: `${notation.description} (${venue}), such as ${notation.example}`, instead }
  }
  return !escapes(symbol) && namesFolder(symbol) ? null : {
    path,
    expected:
      `a symbol that can name a folder: at most ${longestSymbol} letters and digits, beginning with one of them, ` +
      "and dots, dashes, underscores and slashes",
    instead
  }
}

/** What is wrong with the markets beyond the schema: symbols, URLs, and feeds that are there twice. */
export const marketChecks = (file: Readable, notations: Notations): ReadonlyArray<Problem> => {
  const problems: Array<Problem> = []
  const placeByFeed = new Map<string, string>()
  for (const [i, market] of (file.markets ?? []).entries()) {
    if (market === null) continue
    // A misspelled exchange is a problem of its own; its symbols are still checked as those of the one that is meant.
    const venue = Schema.is(Venue)(market.exchange) ? market.exchange : nearest(market.exchange ?? "", venues)
    const types = (market.feeds === undefined ? defaults.market.feeds : market.feeds ?? [])
      .flatMap((name) => name === null ? [] : [dataTypes[name]])
    problems.push(...urlProblems(`markets[${i}]`, market, venue))
    for (const [j, symbol] of (market.symbols ?? []).entries()) {
      if (symbol === null) continue
      const path = `markets[${i}].symbols[${j}]`
      const problem = symbolProblem(path, symbol, venue, notations)
      if (problem !== null) problems.push(problem)
      if (venue === null || escapes(symbol)) continue
      const notation = notations[venue]
      const meant = isNotedAs(notation, symbol) ? symbol : suggestSymbol(symbol, notation) ?? symbol
      const twice = new Map<string, Array<string>>()
      for (const dataType of new Set(types)) {
        const { id } = Feed.make(venue, meant, dataType)
        const first = placeByFeed.get(id)
        if (first === undefined) placeByFeed.set(id, path)
        else twice.set(first, [...(twice.get(first) ?? []), id])
      }
      for (const [first, ids] of twice) {
        problems.push({
          path,
          expected: `each feed once, but ${first} already is ${ids.join(" and ")}`,
          instead: `remove it here or at ${first}`
        })
      }
    }
  }
  return problems
}

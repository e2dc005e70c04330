import type { SymbolNotation } from "../domain/SymbolNotation.ts"

/** Currencies that markets are quoted in, longer names before those they end with. */
const quotes = ["FDUSD", "USDT", "USDC", "USDE", "USD", "EUR", "GBP", "TRY", "BRL", "JPY", "KRW", "BTC", "ETH", "BNB"]

/** Currencies that no venue sells for a coin, so that the side they stand on shows the order. */
const fiat = new Set(["USD", "EUR", "GBP", "TRY", "BRL", "JPY", "KRW"])

/** Currencies that are rarely bought with another one, so that they give away which side is the quote. */
const money = new Set(quotes.filter((quote) => !["BTC", "ETH", "BNB"].includes(quote)))

interface Pair {
  readonly base: string
  readonly quote: string
}

const isQuoteFirst = (first: string, second: string): boolean => money.has(first) && !money.has(second)

const pairFrom = (first: string, second: string): Pair =>
  isQuoteFirst(first, second) ? { base: second, quote: first } : { base: first, quote: second }

const pairOf = (symbol: string): Pair | null => {
  const [first = "", second, ...rest] = symbol.trim().toUpperCase().split(/[^\p{L}\p{N}]+/u)
  if (first === "" || second === "" || rest.length > 0) return null
  if (second !== undefined) return pairFrom(first, second)
  const last = quotes.find((quote) => first.endsWith(quote) && first.length > quote.length)
  if (last !== undefined) return pairFrom(first.slice(0, -last.length), last)
  const leading = quotes.find((quote) => first.startsWith(quote) && first.length > quote.length)
  return leading === undefined ? null : { base: first.slice(leading.length), quote: leading }
}

const separatorOf = (example: string): string => /[^\p{L}\p{N}]/u.exec(example)?.[0] ?? ""

/** The two sides of a symbol, in the order in which they stand; null without a separator. */
const sidesOf = (symbol: string, separator: string): readonly [string, string] | null => {
  const [first, second, ...rest] = separator === "" ? [] : symbol.split(separator)
  return first === undefined || second === undefined || rest.length > 0 ? null : [first, second]
}

const writtenLike = (example: string, { base, quote }: Pair): string => {
  const separator = separatorOf(example)
  const sides = sidesOf(example.toUpperCase(), separator)
  const symbol = sides !== null && isQuoteFirst(...sides)
    ? `${quote}${separator}${base}`
    : `${base}${separator}${quote}`
  return example === example.toLowerCase() ? symbol.toLowerCase() : symbol
}

/** Whether the symbol's sides stand the other way round than in the venue's example, as far as fiat money shows it. */
const isReversed = (symbol: string, { example }: SymbolNotation): boolean => {
  const separator = separatorOf(example)
  const sides = sidesOf(symbol, separator)
  const model = sidesOf(example, separator)
  if (sides === null || model === null) return false
  const [first, second] = sides
  return isQuoteFirst(...model) ? fiat.has(second) && !fiat.has(first) : fiat.has(first) && !money.has(second)
}

/** Whether a venue writes its symbols so. */
export const isNotedAs = (notation: SymbolNotation, symbol: string): boolean =>
  symbol.search(notation.pattern) !== -1 && !isReversed(symbol, notation)

/** The symbol as the venue writes it, taken from the venue's own example; null where that cannot be told. */
export const suggestSymbol = (symbol: string, notation: SymbolNotation): string | null => {
  const pair = pairOf(symbol)
  const candidates = [
    ...(pair === null ? [] : [writtenLike(notation.example, pair)]),
    symbol.trim().toUpperCase(),
    symbol.trim().toLowerCase()
  ]
  return candidates.find((candidate) => candidate !== symbol && isNotedAs(notation, candidate)) ?? null
}

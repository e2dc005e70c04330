import type { DataType, Subscription } from "../../domain/Feed.ts"

const ownUsdcBooks: ReadonlySet<string> = new Set(["USDT-USDC", "EURC-USDC"])

/** The product id under which Coinbase delivers `symbol`: pairs quoted in USDC share the book of the USD pair. */
export const deliveredAs = (symbol: string): string =>
  symbol.endsWith("-USDC") && !ownUsdcBooks.has(symbol) ? symbol.slice(0, -1) : symbol

/** The symbols subscribed to with this data type. */
export const symbolsOf = (subscriptions: ReadonlyArray<Subscription>, dataType: DataType): ReadonlyArray<string> =>
  subscriptions.filter((subscription) => subscription.dataType === dataType).map((subscription) => subscription.symbol)

/** From a product id on the wire to the symbol that was subscribed to. A pair asked for by its own name goes first. */
export type Products = ReadonlyMap<string, string>

export const productsOf = (subscriptions: ReadonlyArray<Subscription>, dataType: DataType): Products => {
  const symbols = symbolsOf(subscriptions, dataType)
  const products = new Map(symbols.map((symbol) => [deliveredAs(symbol), symbol]))
  for (const symbol of symbols) products.set(symbol, symbol)
  return products
}

/**
 * The symbols whose messages cannot be told from those of another subscription: `BTC-USDC` beside `BTC-USD`. What
 * comes as `BTC-USD` is filed as just that, so the USDC pair would stay silent for ever.
 */
export const indistinguishable = (subscriptions: ReadonlyArray<Subscription>): ReadonlyArray<string> =>
  subscriptions
    .filter(({ dataType, symbol }) =>
      deliveredAs(symbol) !== symbol && symbolsOf(subscriptions, dataType).includes(deliveredAs(symbol))
    )
    .map(({ symbol }) => symbol)

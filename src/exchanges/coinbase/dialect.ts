import type { Exchange } from "../Exchange.ts"

/** In what the two protocols of Coinbase differ. */
export type Dialect = Pick<Exchange, "channels" | "parser" | "subscribe" | "usesToken">

/** Where a client knocked: at which of the simulator's ports, and with what request. */
export interface Address {
  /** Which port, counted from 0. */
  readonly listener: number
  /** The `Host` header. */
  readonly host: string
  readonly path: string
  /** The query with its question mark; empty where there is none. */
  readonly query: string
}

/** Every given field must match; a query matches when it contains the text. */
export type AddressFilter = Partial<Address>

export const isAt = ({ host, listener, path, query }: AddressFilter, address: Address): boolean =>
  (listener === undefined || listener === address.listener) &&
  (host === undefined || host === address.host) &&
  (path === undefined || path === address.path) &&
  (query === undefined || address.query.includes(query))

import type { IncomingHttpHeaders } from "node:http"
import type { Venue } from "../domain/Venue.ts"
import type { Address } from "./Address.ts"
import type { RequestFault } from "./Fault.ts"
import type { Ledger } from "./Ledger.ts"
import * as lies from "./lies.ts"
import type { Listing, Listings } from "./Listings.ts"
import { isAnswer, type RestAnswer, type RestVenue, type TradeRequest } from "./RestVenue.ts"

export interface RestDeskOptions {
  readonly venues: ReadonlyArray<RestVenue>
  readonly listings: Readonly<Record<Venue, Listings>>
  readonly ledger: Ledger
  readonly now: () => number
  /** What goes wrong with a request, if anything. */
  readonly fault: (venue: Venue, address: Address, symbol: string) => RequestFault | null
}

/** Answers requests for past trades out of what really happened on the markets, and plays the faults of the answers. */
export class RestDesk {
  readonly #options: RestDeskOptions

  constructor(options: RestDeskOptions) {
    this.#options = options
  }

  /** The answer; null where none shall come. */
  answer(address: Address, headers: IncomingHttpHeaders): RestAnswer | null {
    const { ledger, now, venues } = this.#options
    for (const venue of venues) {
      const query = new URLSearchParams(address.query)
      const request = venue.read({ path: address.path, query, headers })
      if (request === null) continue
      const symbol = isAnswer(request) ? "" : request.symbol
      const fault = this.#options.fault(venue.venue, address, symbol)
      const { answer, trades } = this.#of(venue, request, fault)
      const status = answer?.status ?? "no-answer"
      const { venue: name } = venue
      ledger.inquired({ venue: name, atMillis: now(), address, symbol, status, trades, fault: fault?.kind ?? null })
      return answer
    }
    return { status: 404, body: "" }
  }

  #of(
    venue: RestVenue,
    request: TradeRequest | RestAnswer,
    fault: RequestFault | null
  ): { readonly answer: RestAnswer | null; readonly trades: number } {
    const now = this.#options.now()
    if (fault?.kind === "rest-silent") return { answer: null, trades: 0 }
    if (fault?.kind === "rest-status") return { answer: troubled(venue, fault), trades: 0 }
    const refusal = venue.limit.refuse(now)
    const headers = venue.limit.headers(now)
    const plain = ({ body, headers: more, status }: RestAnswer, trades: number) => ({
      answer: { status, body, headers: { ...headers, ...more } },
      trades
    })
    if (refusal !== null) return plain(refusal, 0)
    if (isAnswer(request)) return plain(request, 0)
    const listing = venue.listing(request.symbol, now)
    if (listing === null) return plain(venue.unknownSymbol(now), 0)
    const shown = fault?.kind === "rest-lie" && fault.form === "symbol" ? this.#other(venue.venue, listing) : null
    const fills = this.#fills(request, listing, shown, fault)
    const page = request.page(shown?.symbol ?? request.symbol, (shown ?? listing).market, fills, now)
    const cut = fault?.kind === "rest-broken" ? page.body.slice(0, Math.ceil(page.body.length / 2)) : page.body
    return plain({ ...page, body: cut }, fills.length)
  }

  #fills({ limit, select }: TradeRequest, listing: Listing, shown: Listing | null, fault: RequestFault | null) {
    if (shown !== null) return shown.market.tape.newest(limit)
    const fills = select(listing.market.tape)
    if (fault?.kind === "rest-short") return fills.slice(0, fault.trades)
    return fault?.kind === "rest-lie" && fault.form !== "symbol" ? lies.spoil(fills, fault.form ?? "ids") : fills
  }

  #other(venue: Venue, listing: Listing): Listing {
    return this.#options.listings[venue].other(listing, this.#options.now())
  }
}

const troubled = (
  venue: RestVenue,
  { retryAfterSecs, status }: RequestFault & { kind: "rest-status" }
): RestAnswer => ({
  status,
  headers: retryAfterSecs === undefined ? {} : { "Retry-After": String(retryAfterSecs) },
  body: venue.trouble(status)
})

import type { Venue } from "../domain/Venue.ts"
import { Book, type Level } from "./Book.ts"
import { Newest } from "./Newest.ts"
import { hash, SeededRandom } from "./SeededRandom.ts"
import { Tape } from "./Tape.ts"

/** One match between a taker and one maker. */
export interface Fill {
  /** Counts the fills of this market, +1 each. */
  readonly number: number
  /** Grows with every fill, by more than one. */
  readonly sparseNumber: number
  readonly price: number
  readonly size: number
  /** The taker's side. */
  readonly side: "buy" | "sell"
  /** Milliseconds since the epoch. */
  readonly atMillis: number
  /** 0 to 999 within the millisecond. */
  readonly micros: number
  /** The book's cursor when it happened. */
  readonly cursor: number
  /** Grows with every fill of the same millisecond, by one to three. */
  readonly withinMillis: number
  /** How often the venue has begun to number its trades anew. */
  readonly numbering: number
  /** The millisecond from which ids made of the time are counted: 0 until the venue numbers anew. */
  readonly countedFromMillis: number
}

/** Everything one taker order matched, in the order of the market. */
export interface TakerOrder {
  readonly fills: ReadonlyArray<Fill>
}

/** The numbers that venues give to a change of the book. */
export interface BookMark {
  /** Milliseconds since the epoch. */
  readonly atMillis: number
  /** +1 with every change: `u` of Bybit. */
  readonly version: number
  /** Grows by arbitrary amounts: `seqId` of OKX, `lastUpdateId` of Binance. */
  readonly cursor: number
  readonly previousCursor: number
}

/** One change of the book. */
export interface BookChange extends BookMark {
  readonly bids: ReadonlyArray<Level>
  readonly asks: ReadonlyArray<Level>
  /** The venue began to number anew with this change. */
  readonly restarted: boolean
}

export interface Step {
  readonly change: BookChange
  readonly order: TakerOrder | null
}

/** Digits after the point of every size. */
export const sizeDecimals = 8

export interface MarketOptions {
  readonly seed: string
  readonly venue: Venue
  readonly symbol: string
  /** Levels per side of the book. */
  readonly depth: number
  /** The most fills of one taker order that come by themselves. */
  readonly sweep: number
  /** How likely a change restarts the venue's numbering. */
  readonly restartProbability: number
  /** The most fills, and the most changes of the book, that are remembered. */
  readonly tapeLength: number
}

/** How many of the last trades a venue shows to a new subscriber. */
const historyLength = 50

/** Ids that are made of the time have four digits for what happens within a millisecond. */
const idsWithinMillis = 9_999

/**
 * The market of one symbol: a random walk that makes one change of the book per step and, on average, one fill.
 * A pure function of its seed, but for the times, which the caller gives.
 */
export class Market {
  readonly symbol: string
  readonly priceDecimals: number
  /** The price at which the day before ended. */
  readonly previousClose: number
  /** What happened, whether anybody heard of it or not. */
  readonly tape: Tape
  readonly changes: Newest<BookMark>
  readonly #book: Book
  readonly #random: SeededRandom
  readonly #sweep: number
  readonly #restartProbability: number
  #version: number
  #cursor: number
  #fills: number
  #sparseFills: number
  #balance = 0
  #restartNext = false
  #burstNext = 0
  #renumberNext = false
  #numbering = 0
  #countedFromMillis = 0
  #atMillis = 0
  #withinMillis = 0
  /** The last change, for who asks for the present book. */
  latest: BookChange

  constructor(options: MarketOptions) {
    const random = new SeededRandom(`${options.seed}/${options.venue}/${options.symbol}`)
    const price = startingPrice(options.venue, options.symbol)
    this.symbol = options.symbol
    this.priceDecimals = Math.min(8, Math.max(0, 6 - Math.floor(Math.log10(price))))
    const units = Math.round(price * 10 ** this.priceDecimals)
    this.#random = random
    this.#sweep = options.sweep
    this.#restartProbability = options.restartProbability
    this.tape = new Tape(options.tapeLength)
    this.changes = new Newest(options.tapeLength)
    this.#book = new Book({ midPrice: units, tick: units >= 50_000_000 ? 1_000 : 1, depth: options.depth, random })
    this.previousClose = this.#book.bids[0]?.price ?? 0
    this.#version = random.integer(200_000_000, 300_000_000)
    this.#cursor = random.integer(80_000_000_000, 90_000_000_000)
    this.#fills = random.integer(1_000_000_000, 1_100_000_000)
    this.#sparseFills = random.integer(1_000_000_000, 2_000_000_000)
    this.latest = {
      bids: [],
      asks: [],
      atMillis: 0,
      version: this.#version,
      cursor: this.#cursor,
      previousCursor: -1,
      restarted: false
    }
  }

  get bids(): ReadonlyArray<Level> {
    return this.#book.bids
  }

  get asks(): ReadonlyArray<Level> {
    return this.#book.asks
  }

  /** The last fills, oldest first. */
  get history(): ReadonlyArray<Fill> {
    return this.tape.newest(historyLength)
  }

  /** Begins to number the trades anew, from a low number on, with the next one. */
  renumberTrades() {
    this.#renumberNext = true
  }

  /** Begins to number the book anew with the next step. */
  restart() {
    this.#restartNext = true
  }

  /** Makes the next taker order match `fills` makers. */
  burst(fills: number) {
    this.#burstNext = fills
  }

  /** Time never goes back on a market, even where the clock does. */
  step(nowMillis: number): Step {
    if (nowMillis > this.#atMillis) {
      this.#atMillis = nowMillis
      this.#withinMillis = 0
    }
    const atMillis = this.#atMillis
    const levels = this.#book.change()
    const restarted = this.#random.chance(this.#restartProbability) || this.#restartNext
    this.#restartNext = false
    const previousCursor = this.#cursor
    const jump = 1 + Math.floor(this.#random.next() ** 2 * 60)
    this.#cursor = restarted ? jump : this.#cursor + jump
    this.#version = restarted ? 1 : this.#version + 1
    this.latest = {
      bids: levels.bids,
      asks: levels.asks,
      atMillis,
      version: this.#version,
      cursor: this.#cursor,
      previousCursor,
      restarted
    }
    this.changes.append({ atMillis, version: this.#version, cursor: this.#cursor, previousCursor })
    this.#balance++
    return { change: this.latest, order: this.#balance > 0 || this.#burstNext > 0 ? this.#order() : null }
  }

  #order(): TakerOrder {
    const random = this.#random
    const drawn = Math.min(this.#sweep, takerOrderFills(random))
    const count = this.#burstNext > 0 ? this.#burstNext : drawn
    if (this.#burstNext === 0) this.#balance -= count
    this.#burstNext = 0
    const side = random.chance(0.5) ? "buy" : "sell"
    const makers = side === "buy" ? this.#book.asks : this.#book.bids
    const micros = random.integer(0, 999)
    const fills: Array<Fill> = []
    let level = 0
    if (this.#withinMillis + count * 3 > idsWithinMillis) {
      this.#atMillis++
      this.#withinMillis = 0
    }
    const stride = count * 3 > idsWithinMillis ? 1 : 3
    const atMillis = this.#atMillis
    if (this.#renumberNext) this.#beginAnew(atMillis)
    for (let i = 0; i < count; i++) {
      if (i > 0 && level < makers.length - 1 && random.chance(0.3)) level++
      this.#sparseFills += random.integer(1, 20)
      this.#withinMillis += 1 + (this.#sparseFills % stride)
      const fill: Fill = {
        number: ++this.#fills,
        sparseNumber: this.#sparseFills,
        price: makers[level]?.price ?? 0,
        size: Math.floor(random.next() ** 6 * 500_000_000) + 1,
        side,
        atMillis,
        micros,
        cursor: this.#cursor,
        withinMillis: this.#withinMillis,
        numbering: this.#numbering,
        countedFromMillis: this.#countedFromMillis
      }
      fills.push(fill)
      this.tape.append(fill)
    }
    return { fills }
  }

  #beginAnew(atMillis: number) {
    this.#renumberNext = false
    this.#numbering++
    this.#fills = 0
    this.#sparseFills = 0
    this.#withinMillis = 0
    this.#countedFromMillis = atMillis - 1
  }
}

/** Mostly one, often a few, rarely dozens or hundreds, as captures of busy markets show. */
const takerOrderFills = (random: SeededRandom): number => {
  const kind = random.next()
  if (kind < 0.6) return 1
  if (kind < 0.88) return random.integer(2, 4)
  if (kind < 0.985) return random.integer(5, 16)
  return kind < 0.999 ? random.integer(17, 80) : random.integer(81, 1_024)
}

const startingPrice = (venue: Venue, symbol: string): number => {
  const [first = "", second = ""] = symbol.toUpperCase().split("-")
  const base = venue === "upbit" ? second : first
  const dollars = base.startsWith("BTC")
    ? 80_000
    : base.startsWith("ETH")
    ? 3_100
    : 10 ** (hash(base) / 4_294_967_296 * 4 - 1.5)
  if (venue !== "upbit" || first === "USDT") return dollars
  return first === "BTC" ? dollars / 80_000 : dollars * 1_350
}

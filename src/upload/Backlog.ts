import type { UploadStats } from "../telemetry/UploadStats.ts"
import { firstRowMillis } from "./sealedFiles.ts"

/** The sealed files that are in the data folder and not stored yet; `stats` has their number and the age of the oldest. */
export class Backlog {
  readonly #stats: UploadStats
  #files = new Set<string>()
  /** Oldest first; before `#first`, and here and there behind it, files that are gone. */
  #byAge: Array<string> = []
  #first = 0
  /** What came and what went while the folder is listed, which the list may or may not show. */
  #came = new Set<string>()
  #went = new Set<string>()

  constructor(stats: UploadStats) {
    this.#stats = stats
  }

  has(file: string): boolean {
    return this.#files.has(file)
  }

  add(file: string): void {
    if (this.#files.has(file)) return
    this.#files.add(file)
    this.#came.add(file)
    this.#insert(file)
    this.#tell()
  }

  remove(file: string): void {
    this.#files.delete(file)
    this.#went.add(file)
    this.#tell()
  }

  /** To be called before the data folder is listed. */
  beginListing(): void {
    this.#came = new Set()
    this.#went = new Set()
  }

  /** Takes the list, oldest first, for what there is. */
  endListing(files: ReadonlyArray<string>): void {
    this.#byAge = files.filter((file) => !this.#went.has(file))
    const came = [...this.#came].filter((file) => this.#files.has(file))
    this.#files = new Set(this.#byAge)
    this.#first = 0
    for (const file of came) if (!this.#files.has(file)) this.#insert(file)
    for (const file of came) this.#files.add(file)
    this.beginListing()
    this.#tell()
  }

  /** Files come in the order in which they were sealed, which is nearly that of their ages. */
  #insert(file: string): void {
    const millis = firstRowMillis(file)
    let place = this.#byAge.length
    while (place > this.#first && firstRowMillis(this.#byAge[place - 1] ?? "") > millis) place--
    this.#byAge.splice(place, 0, file)
  }

  #tell(): void {
    while (this.#first < this.#byAge.length && !this.#files.has(this.#byAge[this.#first] ?? "")) this.#first++
    const oldest = this.#byAge[this.#first]
    this.#stats.filesOnDisk = this.#files.size
    this.#stats.oldestWaitingMillis = oldest === undefined ? null : firstRowMillis(oldest)
  }
}

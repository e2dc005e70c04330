import type { UploadStats } from "../telemetry/UploadStats.ts"
import type { Found, SealedFile } from "./sealedFiles.ts"

/** The sealed files that are in the data folder and not stored yet; `stats` has their number and the age of the oldest. */
export class Backlog {
  readonly #stats: UploadStats
  #files = new Set<string>()
  /** Oldest first; before `#first`, and here and there behind it, files that are gone. */
  #byAge: Array<SealedFile> = []
  #first = 0
  /** What came and what went while the folder is listed, which the list may or may not show. */
  #came = new Set<SealedFile>()
  #went = new Set<string>()

  constructor(stats: UploadStats) {
    this.#stats = stats
  }

  has(path: string): boolean {
    return this.#files.has(path)
  }

  add(file: SealedFile): void {
    if (this.#files.has(file.path)) return
    this.#files.add(file.path)
    this.#came.add(file)
    this.#insert(file)
    this.#tell()
  }

  remove(path: string): void {
    this.#files.delete(path)
    this.#went.add(path)
    this.#tell()
  }

  /** To be called before the data folder is listed. */
  beginListing(): void {
    this.#came = new Set()
    this.#went = new Set()
  }

  /** Takes what was found for what there is. */
  endListing({ files, paths }: Pick<Found, "files" | "paths">): void {
    const came = [...this.#came].filter(({ path }) => this.#files.has(path))
    this.#byAge = files.slice()
    this.#files = paths
    this.#first = 0
    for (const path of this.#went) paths.delete(path)
    for (const file of came) {
      if (this.#files.has(file.path)) continue
      this.#insert(file)
      this.#files.add(file.path)
    }
    this.beginListing()
    this.#tell()
  }

  /** Files come in the order in which they were sealed, which is nearly that of their ages. */
  #insert(file: SealedFile): void {
    let place = this.#byAge.length
    while (place > this.#first && (this.#byAge[place - 1]?.millis ?? 0) > file.millis) place--
    this.#byAge.splice(place, 0, file)
  }

  #tell(): void {
    while (this.#first < this.#byAge.length && !this.#files.has(this.#byAge[this.#first]?.path ?? "")) this.#first++
    this.#stats.filesOnDisk = this.#files.size
    this.#stats.oldestWaitingMillis = this.#byAge[this.#first]?.millis ?? null
  }
}

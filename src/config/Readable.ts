import { Effect, Schema } from "effect"
import { AwsTable, ShardTable, StorageTable, UploadTable, WebSocketTable } from "./ConfigFile.ts"
import { FeedName, MarketTable } from "./MarketTable.ts"

const itemOrNull = <S extends Schema.ConstraintCodec<unknown, unknown>>(schema: S) =>
  Schema.NullOr(schema).pipe(Schema.catchDecoding(() => Effect.succeedSome(null)))

const orNull = <S extends Schema.ConstraintCodec<unknown, unknown>>(schema: S) => Schema.optionalKey(itemOrNull(schema))

const { base_url, base_urls, paths, rest_url, symbols } = MarketTable.fields

/**
 * The part of the file that the cross checks look at, each value by itself: missing where it is not written, null where
 * the schema refuses it. So a mistake in one place does not hide those in another.
 */
export const Readable = Schema.Struct({
  websocket: orNull(Schema.Struct({
    initial_retry_delay_secs: orNull(WebSocketTable.fields.initial_retry_delay_secs.schema),
    max_retry_delay_secs: orNull(WebSocketTable.fields.max_retry_delay_secs.schema)
  })),
  upload: orNull(Schema.Struct({
    initial_retry_delay_secs: orNull(UploadTable.fields.initial_retry_delay_secs.schema),
    max_retry_delay_secs: orNull(UploadTable.fields.max_retry_delay_secs.schema)
  })),
  storage: orNull(Schema.Struct({
    mode: orNull(StorageTable.fields.mode.schema),
    data_dir: orNull(StorageTable.fields.data_dir.schema),
    local_path: orNull(StorageTable.fields.local_path.schema)
  })),
  aws: orNull(Schema.Struct({ endpoint: orNull(AwsTable.fields.endpoint.schema) })),
  /** As a whole: one of its keys alone says nothing. */
  shard: orNull(ShardTable),
  markets: orNull(Schema.Array(itemOrNull(Schema.Struct({
    exchange: orNull(Schema.String),
    symbols: orNull(Schema.Array(itemOrNull(symbols.value))),
    feeds: orNull(Schema.Array(itemOrNull(FeedName))),
    base_url: orNull(base_url.schema),
    base_urls: orNull(Schema.Array(itemOrNull(base_urls.schema.value))),
    paths: orNull(paths.schema),
    rest_url: orNull(rest_url.schema)
  }))))
})
export type Readable = typeof Readable.Type

/** Reads what can be read; never fails for a table. */
export const readable = Schema.decodeUnknownOption(Readable)

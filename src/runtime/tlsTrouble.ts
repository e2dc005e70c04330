const codes = /^(?:ERR_TLS|ERR_SSL|EPROTO|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_CA)/

/** Whether an error code of Node or OpenSSL says that a TLS connection did not come about. */
export const isTlsTrouble = (code: string): boolean => codes.test(code)

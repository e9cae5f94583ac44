/** What bounds the reading of one file; every other size follows from these. */
export const limits = {
  /** Larger files are refused with PAYLOAD_TOO_LARGE before anything is decoded. */
  fileBytes: 256 * 1024 * 1024,
  /** The standard says 255 characters; real files hold whole letters in one line. */
  lineCharacters: 65_536,
  /** A value joined from its CONT and CONC lines. */
  valueCharacters: 1_048_576,
  /** The standard's highest level. */
  level: 99,
  /** Problems kept with line and text; those beyond are only counted. */
  problems: 10_000,
  /** Distinct kinds of line kept in the report of what was not taken over. */
  skippedKinds: 2_000,
  /** Partners of one family: every two of them become a couple. */
  partnersPerFamily: 16,
  /** Characters of a line quoted in a report. */
  quotedCharacters: 120,
} as const

import type { RecordTableCapabilities } from '../ports/record-table.js'

/** What a record must keep to so that both backends can have it. */
export function commonCapabilities(
  primary: RecordTableCapabilities,
  shadow: RecordTableCapabilities,
): RecordTableCapabilities {
  return {
    ...primary,
    maxItemBytes: Math.min(primary.maxItemBytes, shadow.maxItemBytes),
    maxTransactItems: Math.min(primary.maxTransactItems, shadow.maxTransactItems),
    maxTransactBytes: Math.min(primary.maxTransactBytes, shadow.maxTransactBytes),
    maxPartitionKeyBytes: Math.min(primary.maxPartitionKeyBytes, shadow.maxPartitionKeyBytes),
    maxSortKeyBytes: Math.min(primary.maxSortKeyBytes, shadow.maxSortKeyBytes),
    maxBatchGetItems: Math.min(primary.maxBatchGetItems, shadow.maxBatchGetItems),
    maxPageItems: Math.min(primary.maxPageItems, shadow.maxPageItems),
    maxValueDepth: Math.min(primary.maxValueDepth, shadow.maxValueDepth),
    expiryPrecisionMs: Math.max(primary.expiryPrecisionMs, shadow.expiryPrecisionMs),
  }
}

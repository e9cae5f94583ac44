import { createHash } from 'node:crypto'
import {
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { AppError } from '@heirloom/errors'
import type { ObjectStore, PresignedRequest, StoredObject } from '../domain/ports.js'
import { contentDisposition } from './content-disposition.js'

export interface S3Options {
  readonly bucket: string
  readonly region: string
  /** Only for S3-compatible servers and emulators; without it, the region's own endpoint. */
  readonly endpoint?: string | undefined
  /** Where browsers reach the store, if not there. Presigned addresses point at it. */
  readonly publicEndpoint?: string | undefined
  /** Without them, the SDK's own chain. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly now?: () => number
}

const uploadExpiresInSeconds = 15 * 60
const downloadExpiresInSeconds = 15 * 60
const maxAttempts = 3
const requestTimeoutMs = 10_000
/** 5 GB at 10 MB/s. Only stores without checksums are read at all. */
const readTimeoutMs = 10 * 60_000

/** Signed as headers, so that the request must carry them: in the address they would only be advice. */
const boundHeaders = new Set(['content-type', 'content-length', 'x-amz-checksum-sha256'])

/**
 * ObjectStore on S3 and what speaks its protocol. The upload is bound to its bytes by signing the
 * checksum header: S3 compares it with what arrives and refuses the rest. HEAD with checksum mode
 * returns the digest; a server that keeps none (or a multipart digest of digests, which ends in
 * "-N") has the object streamed through SHA-256 instead, up to the size that was announced.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
export function createS3ObjectStore(options: S3Options): ObjectStore & { close(): void } {
  const { bucket, now = Date.now } = options
  const client = createClient(options, options.endpoint)
  const signer = createClient(options, options.publicEndpoint ?? options.endpoint)

  return {
    presignUpload: async ({ key, contentType, sizeBytes, sha256 }): Promise<PresignedRequest> => {
      const checksum = Buffer.from(sha256, 'hex').toString('base64')
      const signingDate = new Date(now())
      const url = await getSignedUrl(
        signer,
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          ContentType: contentType,
          ContentLength: sizeBytes,
          ChecksumSHA256: checksum,
        }),
        {
          expiresIn: uploadExpiresInSeconds,
          signingDate,
          signableHeaders: new Set([...boundHeaders, 'host']),
          unhoistableHeaders: boundHeaders,
        },
      )
      return {
        url,
        method: 'PUT',
        // Content-Length is signed too; every HTTP client sends it by itself.
        headers: [
          { name: 'content-type', value: contentType },
          { name: 'x-amz-checksum-sha256', value: checksum },
        ],
        expiresAt: new Date(signingDate.getTime() + uploadExpiresInSeconds * 1000),
      }
    },

    presignDownload: ({ key, fileName, contentType }) =>
      getSignedUrl(
        signer,
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ResponseContentType: contentType,
          ResponseContentDisposition: contentDisposition(fileName, contentType),
        }),
        { expiresIn: downloadExpiresInSeconds, signingDate: new Date(now()) },
      ),

    inspect: async (key, maxBytes): Promise<StoredObject | null> => {
      const head = await translated(() =>
        client.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' }), {
          abortSignal: AbortSignal.timeout(requestTimeoutMs),
        }),
      )
      if (head === null) return null
      const sizeBytes = head.ContentLength ?? 0
      if (sizeBytes > maxBytes) return { sizeBytes, sha256: null }
      const kept = keptDigest(head)
      return { sizeBytes, sha256: kept ?? (await digestOf(client, bucket, key, maxBytes)) }
    },

    close: () => {
      client.destroy()
      signer.destroy()
    },
  }
}

function createClient(options: S3Options, endpoint: string | undefined): S3Client {
  return new S3Client({
    region: options.region,
    maxAttempts,
    // Node streams and older servers do not take the trailing checksums that are the default.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  })
}

function keptDigest(head: HeadObjectCommandOutput): string | undefined {
  const checksum = head.ChecksumSHA256
  if (checksum === undefined || checksum.includes('-')) return undefined
  return Buffer.from(checksum, 'base64').toString('hex')
}

/** Null when the object grew past `maxBytes` while it was read. */
async function digestOf(
  client: S3Client,
  bucket: string,
  key: string,
  maxBytes: number,
): Promise<string | null> {
  const abortSignal = AbortSignal.timeout(readTimeoutMs)
  return translated(async () => {
    const { Body: body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), {
      abortSignal,
    })
    const hash = createHash('sha256')
    let readBytes = 0
    // Leaving the loop early destroys the stream and with it the connection.
    for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
      abortSignal.throwIfAborted()
      readBytes += chunk.byteLength
      if (readBytes > maxBytes) return null
      hash.update(chunk)
    }
    return hash.digest('hex')
  })
}

/** Null for an object that is not there. */
async function translated<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof S3ServiceException && cause.$metadata.httpStatusCode === 404) return null
    if (cause instanceof Error && (cause.name === 'TimeoutError' || cause.name === 'AbortError')) {
      throw new AppError('TIMEOUT', 'the object store took too long', { cause })
    }
    throw new AppError('BACKEND_UNAVAILABLE', 'the object store cannot be reached', { cause })
  }
}

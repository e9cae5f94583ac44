import { createHash } from 'node:crypto'
import type { GraphQLAnswer, GraphQLClient } from '@heirloom/testkit'

export interface MediaAssetAnswer {
  readonly id: string
  readonly fileName: string
  readonly size: number
  readonly sha256: string
  readonly status: string
  readonly url: string | null
  readonly caption: string | null
  readonly legacy: { readonly id: string }
  readonly story: { readonly id: string } | null
}

export interface MediaPageAnswer {
  readonly nodes: readonly MediaAssetAnswer[]
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean }
}

export interface UploadAnswer {
  readonly url: string
  readonly method: string
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly expiresAt: string | Date
}

export interface Requested {
  readonly mediaAsset: MediaAssetAnswer
  readonly upload: UploadAnswer
}

const asset = 'id fileName size sha256 status url caption legacy { id } story { id }'

export const picture = Buffer.from('the bytes of a picture of Laeken, 1894')

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** An input for `picture`; any field can be replaced. */
export function uploadOf(legacyId: string, overrides: Record<string, unknown> = {}) {
  return {
    legacyId,
    fileName: 'laeken.jpg',
    contentType: 'image/jpeg',
    size: picture.byteLength,
    sha256: digestOf(picture),
    ...overrides,
  }
}

export function requestUpload(gql: GraphQLClient, input: Record<string, unknown>) {
  return gql<{ requestUpload: Requested }>(
    `mutation ($input: RequestUploadInput!) { requestUpload(input: $input) {
      mediaAsset { ${asset} } upload { url method headers { name value } expiresAt } } }`,
    { input },
  )
}

export function completeUpload(gql: GraphQLClient, id: string) {
  return gql<{ completeUpload: { mediaAsset: MediaAssetAnswer } }>(
    `mutation ($id: ID!) { completeUpload(input: { id: $id }) { mediaAsset { ${asset} } } }`,
    { id },
  )
}

export function linkToStory(gql: GraphQLClient, mediaId: string, storyId: string) {
  return gql<{ linkMediaToStory: { mediaAsset: MediaAssetAnswer } }>(
    `mutation ($mediaId: ID!, $storyId: ID!) {
      linkMediaToStory(input: { mediaId: $mediaId, storyId: $storyId }) { mediaAsset { ${asset} } } }`,
    { mediaId, storyId },
  )
}

export function readAsset(gql: GraphQLClient, id: string) {
  return gql<{ mediaAsset: MediaAssetAnswer | null }>(
    `query ($id: ID!) { mediaAsset(id: $id) { ${asset} } }`,
    { id },
  )
}

export function listAssets(gql: GraphQLClient, variables: Record<string, unknown> = {}) {
  return gql<{ mediaAssets: MediaPageAnswer }>(
    `query ($first: Int, $after: String, $legacyId: ID) {
      mediaAssets(first: $first, after: $after, legacyId: $legacyId) {
        nodes { ${asset} } pageInfo { endCursor hasNextPage } } }`,
    variables,
  )
}

/** Media of stories, asked the way the gateway asks for entities. */
export async function mediaOfStories(
  gql: GraphQLClient,
  storyIds: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const { data } = await gql<{ _entities: readonly { media: readonly { id: string }[] }[] }>(
    `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Story { media { id } } } }`,
    { of: storyIds.map((id) => ({ __typename: 'Story', id })) },
  )
  return given({ data })._entities.map(({ media }) => media.map(({ id }) => id))
}

export function sendBytes(upload: UploadAnswer, bytes: Uint8Array<ArrayBuffer>): Promise<Response> {
  return fetch(upload.url, {
    method: upload.method,
    headers: upload.headers.map(({ name, value }) => [name, value] as [string, string]),
    body: bytes,
  })
}

/** An asset whose bytes have arrived and were confirmed. */
export async function uploaded(
  gql: GraphQLClient,
  input: Record<string, unknown>,
  bytes = picture,
): Promise<MediaAssetAnswer> {
  const { mediaAsset, upload } = given(await requestUpload(gql, input)).requestUpload
  await sendBytes(upload, bytes)
  return given(await completeUpload(gql, mediaAsset.id)).completeUpload.mediaAsset
}

/** The data of an answer that has some; otherwise fails with what the answer says instead. */
export function given<Data>(
  answer: Pick<GraphQLAnswer<Data>, 'data'> & { errors?: unknown },
): Data {
  if (answer.data === null || answer.data === undefined) {
    throw new Error(`no data: ${JSON.stringify(answer.errors)}`)
  }
  return answer.data
}

export function codeOf(answer: GraphQLAnswer<unknown>): string | undefined {
  return answer.errors?.[0]?.extensions?.code
}

import type { StoryLevel, StoryState, StoryVisibility } from '@heirloom/authz'

/** The search index of one tenant. Nothing here can reach the stories of another. */
export interface SearchAdapter {
  /**
   * Puts a story into the index, in place of what the index has of it. Does nothing when the
   * index has heard of this revision or of a later one, so that events may come in any order and
   * more than once.
   */
  indexStory(story: StoryDoc): Promise<void>
  /** Takes a story out for good: no revision up to this one brings it back. */
  removeStory(story: RemovedStory): Promise<void>
  /**
   * The stories that match and that the reader may read, best first; stories that match equally
   * well come in the order of their ids. What the reader may read is decided before ranking and
   * counting. Pages do not overlap and leave nothing out as long as nobody changes a story
   * meanwhile. A query of any content is answered; one without a word finds nothing.
   */
  searchStories(query: SearchQuery): Promise<SearchResults<StoryHit>>
}

export interface StoryDoc {
  readonly storyId: string
  readonly legacyId: string
  readonly revision: number
  readonly authorId: string
  readonly state: StoryState
  readonly level: StoryLevel
  readonly title: string
  readonly body: string
}

export type RemovedStory = Pick<StoryDoc, 'storyId' | 'legacyId' | 'revision'>

export interface SearchQuery {
  /** As a person types it: words, "phrases", OR, -without. */
  readonly text: string
  readonly legacyId?: string
  /** Which stories the one who searches reads. */
  readonly visibility: StoryVisibility
  readonly first: number
  readonly after?: SearchPosition
}

/** Where a hit stands among the others. */
export interface SearchPosition {
  readonly score: number
  readonly storyId: string
}

export interface SearchResults<Hit> {
  /** One more than asked for when there are more. */
  readonly hits: readonly Hit[]
  /** How many match, on all pages. */
  readonly totalCount: number
}

export interface StoryHit extends SearchPosition {
  /** HTML: matching words between <mark> and </mark>, everything else escaped. */
  readonly highlights: readonly string[]
}

import { expect, it } from 'vitest'
import { searchName } from './search-name.js'

it.each([
  ['Charlotte Brontë', 'charlotte bronte'],
  ['CHARLOTTE  BRONTE', 'charlotte bronte'],
  ['Søren Åbye Kierkegaard', 'soren abye kierkegaard'],
  ['Łukasz Weiß', 'lukasz weiss'],
  ['Þórr Æsir', 'thorr aesir'],
  ['İsmail Kılıç', 'ismail kilic'],
  ['Nguyễn Văn Ánh', 'nguyen van anh'],
  ['李 世民', '李 世民'],
])('%s is searched as %s', (name, searched) => {
  expect(searchName(name)).toBe(searched)
  expect(searchName(searched)).toBe(searched)
})

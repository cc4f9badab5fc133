import { expect, test } from 'vitest'

import { isFiltered, listQueryOf, parseInstanceSearch, shownColumns, writeColumns } from './instance-search'

test('a URL says what is shown, and what it says wrongly is left out', () => {
  expect(
    parseInstanceSearch({
      state: 'stopped',
      search: 18,
      health: 'unhealthy',
      tag: 'team=shop',
      version: '17',
      reach: 'public',
      sort: '-name',
      columns: 'tags,state',
    }),
  ).toEqual({
    state: 'stopped',
    search: '18',
    health: 'unhealthy',
    tag: 'team=shop',
    version: 17,
    reach: 'public',
    sort: '-name',
    columns: 'state,tags',
  })
  expect(
    parseInstanceSearch({
      state: 'nowhere',
      search: ['a'],
      health: 'ill',
      tag: '',
      version: '99',
      reach: 'both',
      sort: 'owner',
      columns: ['state'],
    }),
  ).toEqual({})
})

test('only filters leave instances out', () => {
  expect(isFiltered({ sort: 'name', columns: 'tags' })).toBe(false)
  expect(isFiltered({ reach: 'internal' })).toBe(true)
})

test('the usual columns need no word in the URL, and no column is a choice, too', () => {
  expect(writeColumns(shownColumns(undefined))).toBeUndefined()
  expect(shownColumns(writeColumns([]))).toEqual([])
  expect(shownColumns(writeColumns(['tags', 'state']))).toEqual(['state', 'tags'])
})

test('the API is asked in its own words', () => {
  expect(listQueryOf({ state: 'trash', reach: 'internal', tag: 'team' })).toEqual({
    deleted: true,
    public: false,
    tag: ['team'],
  })
  expect(listQueryOf({ state: 'running', sort: '-name' })).toEqual({ state: ['running'], sort: '-name' })
})

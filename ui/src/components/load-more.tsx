import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import { useState } from 'react'

import { cx } from '@/lib/cx'

import { Button } from './button'

interface Props {
  list: UseInfiniteQueryResult<InfiniteData<unknown>>
  /** Whether it is the last line of a card. */
  inCard?: boolean
  label?: string
}

/** Adds the next page to a list; nothing when that has no more. */
export function LoadMore({ list, inCard = false, label = 'Load more' }: Props) {
  const [pending, setPending] = useState(false)
  if (!list.hasNextPage) return null
  const load = async () => {
    setPending(true)
    await more(list)
    setPending(false)
  }
  return (
    <div className={cx('text-center', inCard ? 'border-t p-2' : 'mt-4')}>
      <Button {...(inCard && { look: 'ghost', size: 'sm' })} pending={pending} onClick={() => void load()}>
        {label}
      </Button>
    </div>
  )
}

// An event makes the pages that there are be fetched anew, in place of the next
// one that was on its way: then that is asked for again.
async function more(list: Props['list']) {
  const wanted = (list.data?.pages.length ?? 0) + 1
  for (let now = list; ;) {
    now = await now.fetchNextPage({ cancelRefetch: false })
    if (now.isError || !now.hasNextPage || (now.data?.pages.length ?? 0) >= wanted) return
  }
}

import { Link } from '@tanstack/react-router'
import { CircleCheck } from 'lucide-react'

import { Dot } from '@/components/badge'
import { Card } from '@/components/card'
import type { Schema } from '@/lib/api'

import { attentionLook, attentionText, namesInstances } from './attention'

/** What somebody should look at, the worst first. */
export function AttentionCard({ attention }: { attention: Schema<'Attention'>[] }) {
  return (
    <Card title="Needs attention" flush>
      {attention.length === 0 ? (
        <p className="flex items-center gap-2.5 px-4 py-4 text-ink-soft sm:px-5">
          <CircleCheck aria-hidden className="size-4 text-good-ink" />
          Nothing. All is well.
        </p>
      ) : (
        <ul className="divide-y">
          {attention.map((found) => (
            <li key={found.kind} data-attention={found.kind} className="flex gap-3 px-4 py-3 sm:px-5">
              <span className="mt-1.5">
                <Dot tone={attentionLook[found.kind].tone} />
              </span>
              <div className="min-w-0">
                <Link {...attentionLook[found.kind].link} className="font-medium hover:underline">
                  {attentionText(found)}
                </Link>
                {namesInstances(found.kind) && <Names {...found} />}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

function Names({ names, count }: Schema<'Attention'>) {
  const more = count - names.length
  return (
    <p className="text-sm wrap-anywhere text-ink-faint">
      {names.map((name, i) => (
        <span key={name}>
          {i > 0 && ', '}
          <Link to="/instances/$name" params={{ name }} className="hover:text-ink hover:underline">
            {name}
          </Link>
        </span>
      ))}
      {more > 0 && ` and ${more} more`}
    </p>
  )
}

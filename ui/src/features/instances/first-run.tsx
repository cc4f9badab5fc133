import { Link } from '@tanstack/react-router'
import { Database, Plus } from 'lucide-react'

import { buttonClass } from '@/components/button'
import { CopyButton } from '@/components/copy-button'
import { EmptyState } from '@/components/empty-state'

/** What stands where there is no instance yet. */
export function FirstRun({ canCreate }: { canCreate: boolean }) {
  return (
    <div className="rounded-xl border border-dashed border-line-strong">
      <EmptyState
        icon={Database}
        title={canCreate ? 'Create your first instance' : 'No instances yet'}
        action={
          canCreate && (
            <Link to="/instances/new" className={buttonClass('primary')}>
              <Plus aria-hidden />
              New instance
            </Link>
          )
        }
      >
        {canCreate
          ? 'An instance is a PostgreSQL server of your own. Give it a name, watch it come up, and copy its connection string. It takes a few seconds.'
          : 'Whoever may create instances has not created one. It will appear here by itself.'}
      </EmptyState>
      {canCreate && (
        <div className="mx-auto -mt-6 flex max-w-2xl flex-col gap-4 px-4 pb-10">
          <OneLiner where="From a terminal" command="toygres create mydb --wait" what="command">
            after <code className="font-mono">toygres login --server {window.location.origin}</code>
          </OneLiner>
          <OneLiner
            where="Over REST"
            command={`curl -H "Authorization: Bearer $TOKEN" --json '{"name":"mydb"}' ${window.location.origin}/api/instances`}
            what="request"
          >
            with a token of{' '}
            <Link to="/account" className="underline hover:text-ink">
              your account
            </Link>
          </OneLiner>
        </div>
      )}
      <p className="mb-8 text-center text-sm">
        <Link to="/instances" search={{ state: 'trash' }} className="text-ink-faint hover:text-ink">
          Deleted instances
        </Link>
      </p>
    </div>
  )
}

interface OneLinerProps {
  where: string
  command: string
  what: string
  children: React.ReactNode
}

function OneLiner({ where, command, what, children }: OneLinerProps) {
  return (
    <div>
      <p className="mb-1 text-sm text-ink-faint">
        {where}, {children}
      </p>
      <div className="flex items-center gap-2 rounded-lg border bg-surface py-1 pr-1 pl-3">
        <code className="min-w-0 flex-1 font-mono text-sm wrap-anywhere">{command}</code>
        <CopyButton text={command} what={what} />
      </div>
    </div>
  )
}

import { useQuery } from '@tanstack/react-query'
import { Shield, ShieldOff, Trash2 } from 'lucide-react'
import { useState, type SubmitEvent } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import { Dialog, DialogActions } from '@/components/dialog'
import { TextField } from '@/components/field'
import type { Schema } from '@/lib/api'
import { humanDuration } from '@/lib/time'
import { toast } from '@/lib/toasts'

import { offerQuery, useDeleteInstance, useUpdateInstance } from './queries'
import { canDelete } from './state'

/** Where an instance is deleted: into the trash, or for good. */
export function DangerZone({ instance }: { instance: Schema<'Instance'> }) {
  const [asking, setAsking] = useState(false)
  const keep = useKeep()
  const trashed = instance.state === 'trashed'
  const what = trashed ? 'Remove for good' : 'Delete instance'
  return (
    <Card title="Danger zone">
      <div className="flex flex-col gap-3">
        <p className="text-ink-soft">
          {instance.deletion_protection
            ? 'It is protected against deletion.'
            : !canDelete(instance.state)
              ? 'It can be deleted when the operation in progress has ended.'
              : trashed
                ? 'Removes the instance and all its data now. This can’t be undone.'
                : keep
                  ? `Stops the instance and keeps it in the trash for ${keep}, from where it can be brought back.`
                  : 'Deletes the instance and all its data. This can’t be undone.'}
        </p>
        {!trashed && <ProtectionButton instance={instance} />}
        <Button
          look="dangerOutline"
          disabled={instance.deletion_protection || !canDelete(instance.state)}
          onClick={() => setAsking(true)}
        >
          <Trash2 aria-hidden />
          {what}
        </Button>
      </div>
      {asking && (
        <DeleteDialog
          name={instance.name}
          what={what}
          keep={trashed ? undefined : keep}
          onClose={() => setAsking(false)}
        />
      )}
    </Card>
  )
}

function ProtectionButton({ instance }: { instance: Schema<'Instance'> }) {
  const update = useUpdateInstance(instance.name)
  const on = instance.deletion_protection
  return (
    <>
      {update.isError && <ErrorAlert error={update.error} />}
      <Button
        pending={update.isPending}
        onClick={() =>
          update.mutate(
            { body: { deletion_protection: !on } },
            { onSuccess: () => toast(`${instance.name} is ${on ? 'no longer ' : ''}protected`) },
          )
        }
      >
        {on ? <ShieldOff aria-hidden /> : <Shield aria-hidden />}
        {on ? 'Turn protection off' : 'Protect against deletion'}
      </Button>
    </>
  )
}

/** For how long what is deleted can be brought back, in words; undefined when it can't be. */
function useKeep(): string | undefined {
  const { data: offer } = useQuery(offerQuery)
  return offer?.keep_deleted_seconds ? humanDuration(offer.keep_deleted_seconds * 1000) : undefined
}

interface DialogProps {
  name: string
  what: string
  /** For how long it can be brought back, in words; undefined when it can't be. */
  keep: string | undefined
  onClose: () => void
}

function DeleteDialog({ name, what, keep, onClose }: DialogProps) {
  const [typed, setTyped] = useState('')
  const [asked, setAsked] = useState(false)
  const remove = useDeleteInstance(name)
  const purge = asked || keep === undefined
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (typed !== name || remove.isPending) return
    remove.mutate(
      { purge },
      {
        onSuccess: () => {
          toast(purge ? `Removing ${name} for good` : `Moving ${name} to the trash`)
          onClose()
        },
      },
    )
  }
  return (
    <Dialog
      title={what === 'Delete instance' ? `Delete ${name}?` : `Remove ${name} for good?`}
      onClose={onClose}
    >
      <form onSubmit={submit}>
        <p className="mb-4 text-ink-soft">
          {purge
            ? 'The server and all its data are removed for good.'
            : `The server is stopped. For ${keep} it can be brought back with its data; its name is kept for it.`}{' '}
          To confirm, type the name of the instance.
        </p>
        <TextField
          label={`Type “${name}”`}
          autoFocus
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        {keep !== undefined && (
          <label className="mt-2 flex items-center gap-2">
            <input type="checkbox" checked={asked} onChange={(event) => setAsked(event.target.checked)} />
            Remove it for good at once
          </label>
        )}
        {remove.isError && <ErrorAlert error={remove.error} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look="danger"
            disabled={typed !== name || remove.isPending}
            pending={remove.isPending}
          >
            {what}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

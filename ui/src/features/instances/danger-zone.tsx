import { Trash2 } from 'lucide-react'
import { useState, type SubmitEvent } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import { Dialog, DialogActions } from '@/components/dialog'
import { TextField } from '@/components/field'
import type { Schema } from '@/lib/api'
import { toast } from '@/lib/toasts'

import { useInstanceAction } from './queries'
import { canDelete } from './state'

/** Where an instance is deleted. */
export function DangerZone({ instance }: { instance: Schema<'Instance'> }) {
  const [asking, setAsking] = useState(false)
  return (
    <Card title="Danger zone">
      <div className="flex flex-col gap-3">
        <p className="text-ink-soft">
          {canDelete(instance.state)
            ? 'Deletes the instance and all its data. This can’t be undone.'
            : 'It can be deleted when the operation in progress has ended.'}
        </p>
        <Button look="dangerOutline" disabled={!canDelete(instance.state)} onClick={() => setAsking(true)}>
          <Trash2 aria-hidden />
          Delete instance
        </Button>
      </div>
      {asking && <DeleteDialog name={instance.name} onClose={() => setAsking(false)} />}
    </Card>
  )
}

function DeleteDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const [typed, setTyped] = useState('')
  const remove = useInstanceAction('delete', name)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (typed !== name || remove.isPending) return
    remove.mutate(undefined, {
      onSuccess: () => {
        toast(`Deleting ${name}`)
        onClose()
      },
    })
  }
  return (
    <Dialog title={`Delete ${name}?`} onClose={onClose}>
      <form onSubmit={submit}>
        <p className="mb-4 text-ink-soft">
          The server and all its data are removed for good. To confirm, type the name of the instance.
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
        {remove.isError && <ErrorAlert error={remove.error} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look="danger"
            disabled={typed !== name || remove.isPending}
            pending={remove.isPending}
          >
            Delete instance
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

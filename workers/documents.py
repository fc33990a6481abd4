"""The store of documents as the settings say, for every process that has to do with it."""

from activities.kernel.document_store import DocumentStore, open_store
from embedded.home import Home
from workers.settings import Settings, SettingsError


def document_store(settings: Settings) -> DocumentStore:
    """The store that is set, or the folder in the home.

    Raises:
        SettingsError: the folder cannot be made, or the address names no store.
    """
    secret = settings.documents_secret
    options = {
        "endpoint": settings.documents_endpoint,
        "region": settings.documents_region,
        "access_key_id": settings.documents_key_id,
        "secret_access_key": secret.get_secret_value() if secret else None,
    }
    try:
        return open_store(settings.documents or Home(settings.home).documents.as_uri(), options)
    except OSError as error:
        raise SettingsError(f"IEHE_DOCUMENTS: {error.filename}: {error.strerror}") from None
    except ValueError:
        raise SettingsError("IEHE_DOCUMENTS: names neither a folder nor a bucket") from None

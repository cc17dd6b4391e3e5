"""Keeps progress bars and warnings of the model libraries out of the log."""

import logging
import warnings


def silence_model_libraries() -> None:
    """Let the model libraries log errors only. Call it before the first pipeline is imported."""
    import diffusers.utils.logging as diffusers_logging
    import transformers.utils.logging as transformers_logging
    from huggingface_hub.utils.tqdm import disable_progress_bars

    for library in (diffusers_logging, transformers_logging):
        library.set_verbosity_error()
        library.disable_progress_bar()
    disable_progress_bars()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", category=FutureWarning)

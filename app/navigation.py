"""The pages of the window: what each is called, how it is opened and where it is built."""

from enum import Enum


class Page(Enum):
    """A page of the window. The members stand in the order of the rail.

    Attributes:
        title: What the rail shows.
        icon: A Phosphor icon.
        shortcut: The key that opens it.
        widget: ``module:class`` of its widget, whose only required argument is the session. A page imports ``Session``,
            which opens pages, so the class is named here and imported when the page is first shown.
        sections: The parts of the experiment that are edited on it.
    """

    DATA = ("Data", "database", "Ctrl+1", "app.pages.data:DataPage", ("dataset", "tasks"))
    MODEL = ("Model", "tree-structure", "Ctrl+2", "app.pages.model:ModelPage", ("model",))
    TRAINING = (
        "Training",
        "sliders-horizontal",
        "Ctrl+3",
        "app.pages.training:TrainingPage",
        ("weighting", "training"),
    )
    LIVE = ("Live", "activity", "Ctrl+4", "app.pages.live:LivePage", ())
    RUNS = ("Runs", "list-bullets", "Ctrl+5", "app.pages.runs:RunsPage", ())
    COMPARE = ("Compare", "scales", "Ctrl+6", "app.pages.compare:ComparePage", ())
    EVALUATE = ("Evaluate", "target", "Ctrl+7", "app.pages.evaluate:EvaluatePage", ())
    PREDICT = ("Predict", "magic-wand", "Ctrl+8", "app.pages.predict:PredictPage", ())

    def __init__(self, title: str, icon: str, shortcut: str, widget: str, sections: tuple[str, ...]) -> None:
        self.title = title
        self.icon = icon
        self.shortcut = shortcut
        self.widget = widget
        self.sections = sections

    @property
    def key(self) -> str:
        """Its name in settings, in object names and as a package of ``app/pages``."""
        return self.name.lower()

    @property
    def help_topic(self) -> str:
        """The topic of the help that explains it: the file of its key in ``resources/help``."""
        return self.key


def page_with_key(key: str) -> Page | None:
    """The page called ``key``, or None when there is none."""
    return next((page for page in Page if page.key == key), None)


def page_of_setting(path: str) -> Page:
    """The page on which the setting at ``path`` is edited; Data for what belongs to no section, such as the name."""
    section = path.partition(".")[0].partition("[")[0]
    return next((page for page in Page if section in page.sections), Page.DATA)

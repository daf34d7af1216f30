"""What both forges promise, against a server that enforces their APIs' contracts."""

import time

import pytest

from setright.integrations import github, gitlab
from setright.integrations.error import IntegrationError
from setright.integrations.forge import PullDraft, Repository, repository_of, sort_of

from .forge_server import PROJECT, TOKEN, ForgeServer, GitHubServer, GitLabServer, Refusal

WANTED = PullDraft("setright/1a2b3c4d", "main", "A title", "A body", ("security", "setright"))
LIMITS = [
    Refusal(429, {"message": "slow down"}, {"retry-after": "1"}),
    Refusal(403, {"message": "You have exceeded a secondary rate limit"}, {"retry-after": "1"}),
]


@pytest.fixture(params=["github", "gitlab"])
def sort(request):
    return request.param


@pytest.fixture
def server(sort):
    forge = GitHubServer() if sort == "github" else GitLabServer()
    yield forge
    forge.close()


def client(server: ForgeServer, token: str = TOKEN, project: str = PROJECT):
    if isinstance(server, GitHubServer):
        return github.GitHub(server.url, project, token)
    return gitlab.GitLab(f"{server.url}/api/v4", project, token)


def test_a_pull_request_is_opened_with_its_labels_and_found_again(server):
    opened = client(server).open(WANTED)
    assert client(server).pulls(WANTED.branch, "main") == [opened]
    assert (opened.state, opened.body) == ("open", "A body")
    assert server.labels[opened.number] == {"security", "setright"}


def test_an_update_changes_the_words_and_keeps_labels_that_people_gave(server):
    opened = client(server).open(WANTED)
    server.labels[opened.number].add("by-a-person")
    updated = client(server).update(opened, WANTED._replace(title="Another", labels=("new",)))
    assert (updated.number, server.pulls[0]["title"]) == (opened.number, "Another")
    assert server.labels[opened.number] == {"security", "setright", "by-a-person", "new"}


def test_one_that_exists_already_is_updated_and_not_doubled(server):
    client(server).open(WANTED)
    server.page_size = 5
    again = client(server).open(WANTED._replace(body="Newer"))
    assert (len(server.pulls), again.body) == (1, "Newer")


def test_all_pages_of_a_list_are_read_newest_first(server):
    for _ in range(3):
        client(server).open(WANTED)
        server.pulls[-1]["state"] = "closed"
    assert [pull.number for pull in client(server).pulls(WANTED.branch, "main")] == [9, 8, 7]
    assert {pull.state for pull in client(server).pulls(WANTED.branch, "main")} == {"closed"}


def test_a_next_page_elsewhere_does_not_get_the_token(server):
    for _ in range(2):
        client(server).open(WANTED)
        server.pulls[-1]["state"] = "closed"
    server.next_elsewhere = "http://127.0.0.1:9"
    with pytest.raises(IntegrationError, match="elsewhere"):
        client(server).pulls(WANTED.branch, "main")


@pytest.mark.parametrize("limit", LIMITS, ids=["429", "403"])
def test_a_short_rate_limit_is_waited_out(server, limit):
    server.queued = [limit]
    before = time.monotonic()
    assert client(server).open(WANTED).state == "open"
    assert time.monotonic() - before >= 1


def test_a_long_rate_limit_is_told_at_once(server):
    server.queued = [Refusal(429, {"message": "slow down"}, {"retry-after": "3600"})]
    with pytest.raises(IntegrationError, match="3600 s more"):
        client(server).open(WANTED)
    assert server.pulls == []


def test_a_403_about_rights_is_not_waited_for(server):
    server.queued = [
        Refusal(403, {"message": "Resource not accessible by personal access token"}, {"x-ratelimit-remaining": "4999"})
    ]
    with pytest.raises(IntegrationError, match=r"403 \(Resource not accessible.*may not do this"):
        client(server).open(WANTED)


@pytest.mark.parametrize("token", ["wrong-token-77aa", TOKEN + "x"])
def test_a_bad_token_is_told_without_the_token(server, token):
    with pytest.raises(IntegrationError, match="token is not accepted") as told:
        client(server, token).pulls("a", "main")
    assert token not in str(told.value)


def test_a_repository_that_is_not_there_is_told(server):
    with pytest.raises(IntegrationError, match="404"):
        client(server, project="acme/gone").pulls("a", "main")


def test_a_redirect_is_not_followed(server):
    server.queued = [Refusal(301, {"message": "Moved Permanently"}, {"location": f"{server.url}/elsewhere"})]
    with pytest.raises(IntegrationError, match="301"):
        client(server).pulls("a", "main")
    assert len(server.seen) == 1


def test_the_reason_of_a_validation_error_is_told(server):
    if isinstance(server, GitHubServer):
        server.branches = set()
    with pytest.raises(IntegrationError, match=r"head: invalid|title is missing"):
        client(server).open(WANTED if isinstance(server, GitHubServer) else WANTED._replace(title=""))


def test_a_failure_of_the_server_is_not_tried_again_blindly(server):
    server.queued = [Refusal(502, None)]
    with pytest.raises(IntegrationError, match="502"):
        client(server).open(WANTED)
    assert len(server.seen) == 1


def test_a_server_that_is_not_there_is_told():
    with pytest.raises(IntegrationError, match="cannot be reached"):
        github.GitHub("http://127.0.0.1:9", PROJECT, TOKEN).pulls("a", "main")


def test_the_token_is_never_sent_in_the_clear():
    with pytest.raises(IntegrationError, match="https only"):
        gitlab.GitLab("http://gitlab.example/api/v4", PROJECT, TOKEN)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("git@github.com:acme/shop.git", Repository("github.com", "acme/shop")),
        ("ssh://git@gitlab.example:2222/group/sub/shop.git", Repository("gitlab.example", "group/sub/shop")),
        ("https://user:secret@github.example/acme/shop", Repository("github.example", "acme/shop")),
        ("https://github.com/acme/shop.git/", Repository("github.com", "acme/shop")),
        ("/srv/git/shop.git", Repository("", "")),
    ],
)
def test_a_remote_says_where_it_is(url, place):
    assert repository_of(url) == place


def test_a_host_says_which_forge_it_is():
    assert sort_of("github.com", {}) == "github"
    assert sort_of("acme.ghe.com", {}) == "github"
    assert sort_of("gitlab.acme.example", {}) == "gitlab"
    assert sort_of("code.example", {"CI_SERVER_HOST": "code.example"}) == "gitlab"
    assert sort_of("code.example", {"GITHUB_SERVER_URL": "https://code.example"}) == "github"
    with pytest.raises(IntegrationError, match="--forge"):
        sort_of("code.example", {})


def test_the_api_of_a_host():
    assert github.api_url("github.com") == "https://api.github.com"
    assert github.api_url("code.example") == "https://code.example/api/v3"
    assert github.api_url("acme.ghe.com") == "https://api.acme.ghe.com"
    assert gitlab.api_url("gitlab.com") == "https://gitlab.com/api/v4"

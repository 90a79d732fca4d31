//! Content parts of new messages: text and images.

use crate::types::{
    CreateMessageContentPart, ImageFile, ImageUrl, MessageContentImageFileObject,
    MessageContentImageUrlObject, MessageRequestContentTextObject,
};

/// Parts without further settings. For the detail of an image, use the builder of its type.
impl CreateMessageContentPart {
    /// Creates a text part.
    ///
    /// # Examples
    ///
    /// ```
    /// use openai_assistants::types::{CreateMessageContentPart, CreateMessageRequest};
    ///
    /// let body = CreateMessageRequest::builder().role("user").content([
    ///     CreateMessageContentPart::text("What is in these images?"),
    ///     CreateMessageContentPart::image_url("https://example.com/cat.png"),
    ///     CreateMessageContentPart::image_file("file_1"),
    /// ]);
    /// # body.build()?;
    /// # Ok::<(), openai_assistants::Error>(())
    /// ```
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        let part = MessageRequestContentTextObject::builder().text(text.into());
        part.build().map(Self::from).expect("the text is set")
    }

    /// Creates a part with an image, which the server downloads.
    ///
    /// # Examples
    ///
    /// ```
    /// use openai_assistants::types::CreateMessageContentPart;
    ///
    /// let part = CreateMessageContentPart::image_url("https://example.com/cat.png");
    /// assert_eq!(serde_json::to_value(part).unwrap()["type"], "image_url");
    /// ```
    #[must_use]
    pub fn image_url(url: impl Into<String>) -> Self {
        let part =
            MessageContentImageUrlObject::builder().image_url(ImageUrl::builder().url(url.into()));
        part.build().map(Self::from).expect("the URL is set")
    }

    /// Creates a part with an image that was uploaded for the purpose `vision`.
    ///
    /// # Examples
    ///
    /// ```
    /// use openai_assistants::types::CreateMessageContentPart;
    ///
    /// let part = CreateMessageContentPart::image_file("file_1");
    /// assert_eq!(serde_json::to_value(part).unwrap()["type"], "image_file");
    /// ```
    #[must_use]
    pub fn image_file(file_id: impl Into<String>) -> Self {
        let file = ImageFile::builder().file_id(file_id.into());
        let part = MessageContentImageFileObject::builder().image_file(file);
        part.build().map(Self::from).expect("the ID is set")
    }
}

impl From<&str> for CreateMessageContentPart {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for CreateMessageContentPart {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&String> for CreateMessageContentPart {
    fn from(text: &String) -> Self {
        Self::text(text)
    }
}
